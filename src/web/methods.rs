//! Which methods does an address answer to, and what does a 405 say about the others?
//!
//! poem's own `get(…).post(…)` answers 405 without `Allow`; these know their list (RFC 9110 §15.5.6).

use poem::{
    Endpoint, IntoEndpoint, Request, Response, Result, RouteMethod, error::MethodNotAllowedError, http::Method,
};

use crate::web::error::PageError;

/// The endpoints of one address, one a method. HEAD is answered by GET, without its body.
#[derive(Default)]
pub struct Methods {
    routes: RouteMethod,
    allow: Vec<&'static str>,
}

/// Starts an address that answers GET and HEAD.
pub fn get<E>(endpoint: E) -> Methods
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    Methods::default().get(endpoint)
}

/// Starts an address that answers POST.
pub fn post<E>(endpoint: E) -> Methods
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    Methods::default().post(endpoint)
}

impl Methods {
    #[must_use]
    pub fn get<E>(self, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.with(Method::GET, &["GET", "HEAD"], endpoint)
    }

    #[must_use]
    pub fn post<E>(self, endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.with(Method::POST, &["POST"], endpoint)
    }

    fn with<E>(mut self, method: Method, names: &[&'static str], endpoint: E) -> Self
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        self.routes = self.routes.method(method, endpoint);
        self.allow.extend(names);
        self
    }
}

impl std::fmt::Debug for Methods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Methods({})", self.allow.join(", "))
    }
}

impl Endpoint for Methods {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        match self.routes.call(request).await {
            Err(error) if error.is::<MethodNotAllowedError>() => {
                Err(PageError::MethodNotAllowed { allow: self.allow.join(", ").into() }.into())
            }
            other => other,
        }
    }
}
