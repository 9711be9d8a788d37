//! Turns the `Cookie` lines of a request into those without the cookies of held vendors, and refused vendors' cookies
//! into the `Set-Cookie` lines that end them.
//!
//! 1. A held vendor's cookie is neither read nor passed on (ePrivacy Directive 5(3); GDPR 7(3)): the origin does not
//!    get it. Pairs are split as in RFC 6265 5.4; all other bytes of the line stay.
//! 2. It is ended at the browser where the visitor refused its vendor in so many words; where nothing was said yet it
//!    may still be needed.
//! 3. A request does not say with which domain a cookie was set: it is ended for the host alone, and for the host and
//!    each parent up to the registrable domain (RFC 6265 5.3), with `Path=/`, `HttpOnly` or not.
//! 4. A cookie that is gone is not ended again; at most [`MOST`] are ended by one response.

use super::{
    Judge,
    edit::{Edit, Line, lines, text, value},
};
use crate::{policy::Verdict, site::Site};
use http::{
    HeaderMap,
    header::{COOKIE, SET_COOKIE},
};
use std::net::IpAddr;

/// How many cookies one response ends: their lines must fit the header buffers of the proxies in front of us.
pub const MOST: usize = 16;

/// Edits of a request's cookies, for the origin.
#[must_use]
pub fn cookies<J: Judge + ?Sized>(headers: &HeaderMap, judge: &J) -> Vec<Edit> {
    lines(headers, &COOKIE, |line| without_held(line, judge))
}

/// The names of the vendors' cookies in a request for which `ends` holds, each once.
pub fn ended<J: Judge + ?Sized>(
    headers: &HeaderMap,
    judge: &J,
    ends: impl Fn(&crate::policy::Judged) -> bool,
) -> Vec<String> {
    let mut names = Vec::new();
    for line in headers.get_all(COOKIE).iter().map(text) {
        for name in line.split(';').map(name) {
            let new = names.len() < MOST && !names.iter().any(|n| n == name);
            if new && judge.cookie(name).is_some_and(|judged| ends(&judged)) {
                names.push(name.to_owned());
            }
        }
    }
    names
}

/// The lines that end the cookies `names` at a browser that is on `host`; `secure` where the page came over TLS.
#[must_use]
pub fn endings(names: &[String], host: &str, secure: bool) -> Vec<Edit> {
    let secure = if secure { "; Secure" } else { "" };
    let mut edits = Vec::new();
    for name in names {
        let mut end = |domain: &str| {
            let line = format!("{name}=; Max-Age=0; Path=/{domain}{secure}");
            edits.extend(value(&line).map(|line| Edit::Append(SET_COOKIE, line)));
        };
        end("");
        domains(host).iter().for_each(|domain| end(&format!("; Domain={domain}")));
    }
    edits
}

/// `host` and its parents, up to its site; none for an address.
fn domains(host: &str) -> Vec<&str> {
    if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() || !host.contains('.') {
        return Vec::new();
    }
    let site = Site::of_host(host);
    let parents = std::iter::successors(Some(host), |host| host.split_once('.').map(|(_, h)| h));
    parents.take_while(|host| site.contains(host)).collect()
}

fn without_held<J: Judge + ?Sized>(line: &str, judge: &J) -> Line {
    let held = |pair: &&str| {
        judge.cookie(name(pair)).is_some_and(|judged| judged.decision.verdict != Verdict::Allow)
    };
    if !line.split(';').any(|pair| held(&pair)) {
        return Line::Keep;
    }
    let kept: Vec<_> = line.split(';').filter(|pair| !held(pair)).map(str::trim_ascii).collect();
    if kept.is_empty() { Line::Drop } else { Line::Replace(kept.join("; ")) }
}

fn name(pair: &str) -> &str {
    pair.split_once('=').map_or("", |(name, _)| name.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::{super::fake::Fake, *};
    use crate::headers::apply;
    use http::HeaderValue;

    fn request(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    fn left(lines: &[&str]) -> Vec<String> {
        let mut headers = request(lines);
        apply(&cookies(&headers, &Fake), &mut headers);
        headers.get_all(COOKIE).iter().map(|v| v.to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_origin_gets_no_cookie_of_a_held_vendor() {
        assert_eq!(cookies(&request(&["a=1;b={\"x\"; c"]), &Fake), []);
        assert_eq!(
            left(&["a=1; held_id=x; b=held", "held=1", "c=2;held2=a=b;d"]),
            ["a=1; b=held", "c=2; d"]
        );
        assert_eq!(left(&["held=1"]), [""; 0]);
        assert_eq!(left(&["Held=1; aheld=2"]), ["Held=1; aheld=2"]);
    }

    #[test]
    fn cookies_end_for_the_host_and_its_parents() {
        let headers = request(&["held_a=1; b=2", "held_a=2; held_c=3"]);
        let names = ended(&headers, &Fake, |judged| judged.decision.verdict == Verdict::Block);
        assert_eq!(names, ["held_a", "held_c"]);
        assert_eq!(ended(&headers, &Fake, |_| false), [""; 0]);
        let lines = |host, secure| -> Vec<String> {
            let edits = endings(&["h".to_owned()], host, secure);
            let line = |edit| match edit {
                Edit::Append(_, value) => value.to_str().unwrap().to_owned(),
                Edit::Set(..) | Edit::Remove(_) => String::new(),
            };
            edits.into_iter().map(line).collect()
        };
        assert_eq!(
            lines("www.shop.co.uk", true),
            [
                "h=; Max-Age=0; Path=/; Secure",
                "h=; Max-Age=0; Path=/; Domain=www.shop.co.uk; Secure",
                "h=; Max-Age=0; Path=/; Domain=shop.co.uk; Secure",
            ]
        );
        for host in ["127.0.0.1", "[::1]", "localhost"] {
            assert_eq!(lines(host, false), ["h=; Max-Age=0; Path=/"], "{host}");
        }
    }

    #[test]
    fn one_response_ends_a_bounded_number() {
        let many: String = (0..100).map(|n| format!("held{n}=1; ")).collect();
        assert_eq!(ended(&request(&[&many]), &Fake, |_| true).len(), MOST);
    }
}
