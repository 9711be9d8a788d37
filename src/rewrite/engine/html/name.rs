//! Turns the bytes of a tag's name into a number that is cheap to compare, and the names with a meaning into an enum.
//!
//! 1. Names are compared without regard to ASCII case (HTML Standard, 13.2.5.8).
//! 2. Up to 16 bytes a key is the name itself; longer ones, which have no meaning, are hashed.

use rustc_hash::FxHasher;
use std::hash::Hasher;

/// A name in lower case, as a number.
pub(super) type Key = u128;

/// The name that `text` is.
pub(super) fn key(text: &[u8]) -> Key {
    if text.len() <= size_of::<Key>() {
        return pack(text);
    }
    let mut hasher = FxHasher::default();
    text.iter().for_each(|byte| hasher.write_u8(byte.to_ascii_lowercase()));
    Key::from(hasher.finish()) | 1 << (Key::BITS - 1)
}

const fn pack(mut text: &[u8]) -> Key {
    let mut key = 0;
    while let [byte, rest @ ..] = text {
        key = key << 8 | byte.to_ascii_lowercase() as Key;
        text = rest;
    }
    key
}

/// Names, as a set.
#[derive(Clone, Copy)]
pub(super) struct Names(u128);

impl Names {
    pub(super) const fn of(mut names: &[Name]) -> Self {
        let mut set = 0;
        while let [name, rest @ ..] = names {
            set |= 1 << *name as u8;
            names = rest;
        }
        Self(set)
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) const fn has(self, name: Name) -> bool {
        self.0 >> name as u8 & 1 == 1
    }
}

macro_rules! names {
    ($($name:ident $($text:literal)|+)*) => {
        /// A name that means something to tree construction.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Name {
            /// Every other one.
            Other,
            $($name),*
        }

        impl Name {
            /// How many there are; no more than [`Names`] has room for.
            pub(super) const COUNT: usize = [Self::Other $(, Self::$name)*].len();
        }

        const NAMES: &[(Key, Name)] = &[$($((pack($text.as_bytes()), Name::$name)),+),*];
        const _: () = assert!(Name::COUNT <= u128::BITS as usize);
    };
}

/// Places for names, found by a hash; far more than there are names.
const PLACES: usize = 1 << 10;
static TABLE: [(Key, Name); PLACES] = table(NAMES);

#[expect(
    clippy::indexing_slicing,
    reason = "runs when this is compiled, and ends that if it is wrong"
)]
const fn table(mut names: &[(Key, Name)]) -> [(Key, Name); PLACES] {
    let mut table = [(0, Name::Other); PLACES];
    while let [(key, name), rest @ ..] = names {
        let mut place = place(*key);
        while table[place].0 != 0 {
            place = (place + 1) % PLACES;
        }
        table[place] = (*key, *name);
        names = rest;
    }
    table
}

const fn place(key: Key) -> usize {
    let folded = (key ^ key >> 64) as u64;
    (folded.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 54) as usize
}

impl Name {
    pub(super) fn of(key: Key) -> Self {
        let (head, tail) = TABLE.split_at_checked(place(key)).unwrap_or_default();
        let mut places = tail.iter().chain(head).take_while(|(k, _)| *k != 0);
        places.find(|(k, _)| *k == key).map_or(Self::Other, |(_, name)| *name)
    }
}

names! {
    A "a" Address "address" AnnotationXml "annotation-xml" Applet "applet" Article "article" Aside "aside"
    B "b" Big "big" Blockquote "blockquote" Body "body" Br "br"
    Button "button" Caption "caption" Center "center" Code "code" Col "col" Colgroup "colgroup" Dd "dd" Desc "desc"
    Details "details" Dialog "dialog" Dir "dir" Div "div" Dl "dl" Dt "dt" Em "em" Embed "embed" Fieldset "fieldset"
    Figcaption "figcaption" Figure "figure" Font "font" Footer "footer" ForeignObject "foreignobject" Form "form"
    Frame "frame" Frameset "frameset" Head "head" Header "header"
    Heading "h1" | "h2" | "h3" | "h4" | "h5" | "h6" Hgroup "hgroup" Hr "hr" Html "html" I "i" Iframe "iframe" Img "img" Input "input" Li "li"
    Listing "listing" Main "main" MalignMark "malignmark" Marquee "marquee" Math "math" Menu "menu"
    Meta "meta" Metadata "base" | "basefont" | "bgsound" | "link" Mglyph "mglyph" Mi "mi" Mn "mn" Mo "mo" Ms "ms" Mtext "mtext" Nav "nav" Nobr "nobr" Noembed "noembed"
    Noframes "noframes" Noscript "noscript" Object "object" Ol "ol" Optgroup "optgroup" Option "option" P "p"
    Plaintext "plaintext" Pre "pre" Rb "rb" Rp "rp" Rt "rt" Rtc "rtc" Ruby "ruby" S "s" Script "script"
    Search "search" Section "section" Select "select" Small "small" Source "param" | "source" | "track" Span "span" Strike "strike" Strong "strong"
    Style "style" Sub "sub" Summary "summary" Sup "sup" Svg "svg" Table "table" Tbody "tbody" Td "td"
    Template "template" Textarea "textarea" Tfoot "tfoot" Th "th" Thead "thead" Title "title" Tr "tr" Tt "tt" U "u"
    Ul "ul" Var "var" Void "area" | "image" | "keygen" | "wbr" Xmp "xmp"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_apart() {
        for (text, name) in [
            (&b"DIV"[..], Name::Div),
            (b"annotation-xml", Name::AnnotationXml),
            (b"foreignObject", Name::ForeignObject),
            (b"di", Name::Other),
            (b"divx", Name::Other),
            (b"a-very-long-name-of-an-element", Name::Other),
        ] {
            assert_eq!(Name::of(key(text)), name);
        }
        assert_ne!(key(b"a-very-long-name-of-an-element"), key(b"another-long-name-of-an-element"));
    }
}
