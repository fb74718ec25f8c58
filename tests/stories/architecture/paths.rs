//! Which paths does a source text name? Read from its tokens, so that `use` trees are spread out and the
//! bodies of macros count, while comments and strings do not.

use std::str::FromStr;

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as it was written, its `super`s resolved: `["crate", "store", "ledger"]`, `["tokio", "time"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub path: Vec<String>,
    /// Counted from 1.
    pub line: usize,
}

/// All paths of two or more words, and single ones right after `use`. `module` is where the text stands:
/// `["store", "ledger"]` for `src/store/ledger/mod.rs`.
pub fn named_in(source: &str, module: &[&str]) -> Vec<Named> {
    let tokens = TokenStream::from_str(source).expect("a file that compiles has tokens");
    let mut reader = Reader { module: module.iter().map(|word| (*word).to_owned()).collect(), found: Vec::new() };
    reader.read(&trees(tokens));
    reader.found
}

/// The macros that a source text puts at the root of the crate.
pub fn exported_macros(source: &str) -> Vec<String> {
    let names = source.split("#[macro_export]").skip(1);
    let names = names.filter_map(|rest| rest.split_once("macro_rules!")?.1.split_whitespace().next());
    names.map(str::to_owned).collect()
}

struct Reader {
    module: Vec<String>,
    found: Vec<Named>,
}

impl Reader {
    fn read(&mut self, tokens: &[TokenTree]) {
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Group(group) => {
                    self.read(&trees(group.stream()));
                    at + 1
                }
                TokenTree::Ident(word) if word == "mod" => self.inner_module(tokens, at),
                TokenTree::Ident(_) => self.path(tokens, at, &[]),
                TokenTree::Punct(_) | TokenTree::Literal(_) => at + 1,
            };
        }
    }

    /// `mod name { … }`: what stands inside is one level deeper.
    fn inner_module(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        match (tokens.get(at + 1), tokens.get(at + 2)) {
            (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) => {
                self.module.push(name.to_string());
                self.read(&trees(body.stream()));
                self.module.pop();
                at + 3
            }
            _ => at + 1,
        }
    }

    /// One path that begins at `at`, with its tree of `{…}`; returns where the reading goes on.
    fn path(&mut self, tokens: &[TokenTree], at: usize, before: &[String]) -> usize {
        let TokenTree::Ident(first) = &tokens[at] else { return at + 1 };
        let line = first.span().start().line;
        let mut path = before.to_vec();
        path.push(first.to_string());
        let mut next = at + 1;
        while colons(tokens, next) {
            match tokens.get(next + 2) {
                Some(TokenTree::Ident(word)) => path.push(word.to_string()),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.tree(&trees(group.stream()), &path);
                    return next + 3;
                }
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => path.push("*".to_owned()),
                _ => break,
            }
            next += 3;
        }
        let used = at > 0 && matches!(&tokens[at - 1], TokenTree::Ident(word) if word == "use");
        if path.len() > 1 || used {
            self.found.push(Named { path: self.resolved(path), line });
        }
        next
    }

    /// The entries of a `use` tree, each with what stands before the brace.
    fn tree(&mut self, tokens: &[TokenTree], before: &[String]) {
        let comma = |token: &TokenTree| matches!(token, TokenTree::Punct(mark) if mark.as_char() == ',');
        for entry in tokens.split(comma).filter(|entry| !entry.is_empty()) {
            self.path(entry, 0, before);
        }
    }

    fn resolved(&self, path: Vec<String>) -> Vec<String> {
        let up = path.iter().take_while(|word| *word == "super").count();
        if up == 0 {
            return path;
        }
        let kept = self.module.len().saturating_sub(up);
        let root = std::iter::once("crate".to_owned());
        root.chain(self.module[..kept].iter().cloned()).chain(path.into_iter().skip(up)).collect()
    }
}

fn trees(tokens: TokenStream) -> Vec<TokenTree> {
    tokens.into_iter().collect()
}

fn colons(tokens: &[TokenTree], at: usize) -> bool {
    let colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(mark)) if mark.as_char() == ':');
    colon(tokens.get(at)) && colon(tokens.get(at + 1))
}
