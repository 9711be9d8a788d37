//! Turns a pattern in which `*` stands for any characters into a test of text.

/// A pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    first: Box<str>,
    /// What stands between stars.
    middle: Vec<Box<str>>,
    /// What follows the last star; `None` for a pattern without one.
    last: Option<Box<str>>,
}

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        let mut parts = pattern.split('*').map(Into::into);
        let first = parts.next().unwrap_or_default();
        let mut middle: Vec<Box<str>> = parts.collect();
        let last = middle.pop();
        middle.retain(|part| !part.is_empty());
        Self { first, middle, last }
    }

    /// Whether all of `text` fits. Takes the first place for each part, which is the best one for those after it.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(last) = &self.last else { return text == &*self.first };
        let Some(mut rest) = text.strip_prefix(&*self.first).and_then(|r| r.strip_suffix(&**last))
        else {
            return false;
        };
        self.middle.iter().all(|part| match rest.split_once(&**part) {
            Some((_, after)) => {
                rest = after;
                true
            }
            None => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, yes, no) in [
            ("cid", &["cid"][..], &["cid2", "", "aci", "CID"][..]),
            ("ep.*", &["ep.", "ep.x"], &["ep", "xep.x"]),
            ("*", &["", "x"], &[]),
            ("/user/*/edit", &["/user/7/edit", "/user//edit"], &["/user/edit", "/user/7"]),
            ("a*b*c", &["abc", "aXbYc", "abbc"], &["ac", "acb"]),
            ("**x", &["x", "ax"], &["xa"]),
        ] {
            let glob = Glob::new(pattern);
            yes.iter().for_each(|text| assert!(glob.matches(text), "{pattern} {text}"));
            no.iter().for_each(|text| assert!(!glob.matches(text), "{pattern} {text}"));
        }
    }
}
