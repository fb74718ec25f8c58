//! Which lists are read, and what is said about the others?

use proptest::prelude::*;

use super::*;

fn tracks() -> Vec<(String, String)> {
    vec![("broke".into(), "I broke trust".into()), ("hurt".into(), "I was hurt".into())]
}

fn read(text: &str) -> Result<List, BadList> {
    read_list(text.as_bytes(), &tracks())
}

fn people(text: &str) -> Vec<String> {
    let say = |line: Line| match line.read {
        Ok(listed) => format!(
            "{} {} {} {} {}",
            line.number,
            listed.name.expose(),
            listed.email.expose(),
            listed.zone.map_or("-", Zone::name),
            listed.track
        ),
        Err(wrong) => format!("{} {}", line.number, wrong.join("; ")),
    };
    read(text).unwrap().lines.into_iter().map(say).collect()
}

#[test]
fn columns_come_in_any_order_with_any_separator_under_the_names_people_use() {
    let ana = "2 Ana ana@example.org Asia/Kathmandu hurt";
    for text in [
        "name,email,zone,track\nAna,ana@example.org,Asia/Katmandu,hurt\n",
        "\u{FEFF}E-Mail;Track;Time zone;NAME\r\nana@example.org;I was hurt;Asia/Katmandu;Ana\r\n",
        "Email address\tFirst name\tNotes\tTimezone\tSide\nana@example.org\tAna\t\"a\tb\"\tAsia/Kathmandu\tI WAS HURT",
        "name,email,zone,track\n \" Ana \" , ana@example.org , Asia/Katmandu , hurt ",
        "name,email,zone,track\r\rAna,ana@example.org,Asia/Katmandu,hurt".replace("\r\r", "\r\n").as_str(),
    ] {
        assert_eq!(people(text), [ana], "{text}");
    }
    assert_eq!(people("sep=;\r\nname;email\r\nAna;ana@example.org"), ["3 Ana ana@example.org - "]);
    assert_eq!(read("name,email,Standing\nA,a@b.example,x").unwrap().unused, ["Standing"]);
}

#[test]
fn what_is_wrong_is_said_by_line_and_the_rest_is_read() {
    let told = people(
        "name,email,zone,track\nAna,ana@example.org,,\n,nobody,Mars/Olympus,left\n\n'=1+1,x@example.org,,\nBen,ANA@example.org,,\n\"Cy\r\nBcc: x\",cy@example.org,,",
    );
    assert_eq!(told[0], "2 Ana ana@example.org - ");
    for part in [
        "3 Enter a name",
        "an @ sign",
        "“Mars/Olympus” is not a time zone",
        "no track “left”. Write “I broke trust” or “I was hurt”",
    ] {
        assert!(told[1].contains(part), "{part}: {}", told[1]);
    }
    assert!(told[2].starts_with("5 The name begins like a formula"), "{}", told[2]);
    assert!(told[3].contains("The same address stands on line 2"), "{}", told[3]);
    assert!(told[4].contains("line break"), "{}", told[4]);
}

#[test]
fn a_list_that_cannot_be_read_says_why() {
    let long = format!("name,email\n{},a@b.example", "x".repeat(1_000_000));
    let wide = format!("name,email{}\n", ",x".repeat(100));
    let many = format!("name,email\n{}", (0..5_001).map(|n| format!("A,a{n}@b.example\n")).collect::<String>());
    for (text, bad) in [
        ("", BadList::Empty),
        ("\u{FEFF}", BadList::Empty),
        ("name,email\n\n , \n", BadList::Empty),
        ("name\nAna", BadList::NoColumn("Email")),
        ("Ana,ana@example.org", BadList::NoColumn("Name")),
        ("name,email,mail\n", BadList::TwoColumns("Email")),
        ("name,email\nA\0na,a@b.example", BadList::Binary(2)),
        (&long, BadList::LongCell(2)),
        (&wide, BadList::Wide),
        (&many, BadList::Long),
    ] {
        assert_eq!(read(text).err(), Some(bad), "{:.60}", text);
    }
    assert_eq!(read_list(b"name,email\nJ\xf8rn,j@example.org", &[]).err(), Some(BadList::Encoding(2)));
    assert!(matches!(read_list(b"\xff\xfen\0a\0m\0e\0", &[]), Err(BadList::Binary(_) | BadList::Encoding(_))));
}

proptest! {
    #[test]
    fn no_bytes_break_the_reader(bytes: Vec<u8>, text: String) {
        let _ = read_list(&bytes, &tracks());
        let _ = read_list(format!("name,email,zone\n{text}").as_bytes(), &[]);
    }
}
