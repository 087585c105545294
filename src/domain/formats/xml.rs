//! XML 1.0 (fifth edition), checked for being well formed.
//!
//! `quick-xml` finds the markup; what it leaves to its users is checked here. A DTD is passed over: nothing it declares is
//! expanded and nothing it names is fetched, so an entity reference is only required to be written correctly when there is one.

use quick_xml::Reader;
use quick_xml::events::attributes::AttrError;
use quick_xml::events::{BytesDecl, BytesStart, Event};

use super::cursor::position_at;
use super::{MAX_DEPTH, SyntaxError, Warning};

/// Judges a document; the one warning is `declared_encoding`, for a declaration that names another encoding than UTF-8.
///
/// # Errors
/// What makes the document not well formed, or nesting beyond [`MAX_DEPTH`].
pub(super) fn check(text: &str) -> Result<Vec<Warning>, SyntaxError> {
    if let Some((offset, found)) = text.char_indices().find(|(_, c)| !is_allowed(*c)) {
        return Err(position_at(text, offset).error(format!("U+{:04X} is no character of XML", u32::from(found))));
    }
    let mut reader = Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut document = Document::new(text);
    loop {
        document.start = offset(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => return document.finish(),
            Ok(event) => document.on(&event)?,
            Err(error) => {
                return Err(position_at(text, offset(reader.error_position())).error(error.to_string()));
            }
        }
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// What has been seen of a document.
struct Document<'a> {
    text: &'a str,
    /// Where the current event starts, in bytes.
    start: usize,
    /// Where each open element starts.
    open: Vec<usize>,
    root: bool,
    doctype: bool,
    warnings: Vec<Warning>,
}

impl<'a> Document<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, start: 0, open: Vec::new(), root: false, doctype: false, warnings: Vec::new() }
    }

    fn fault(&self, message: impl Into<String>) -> SyntaxError {
        position_at(self.text, self.start).error(message)
    }

    fn on(&mut self, event: &Event<'_>) -> Result<(), SyntaxError> {
        match event {
            Event::Start(tag) => {
                self.element(tag)?;
                self.open.push(self.start);
                Ok(())
            }
            Event::Empty(tag) => self.element(tag),
            Event::End(_) => {
                self.open.pop();
                Ok(())
            }
            Event::Text(content) => self.content(content),
            Event::CData(_) if self.open.is_empty() => Err(self.fault("text outside the root element")),
            Event::GeneralRef(_) if self.open.is_empty() => Err(self.fault("a reference outside the root element")),
            Event::GeneralRef(reference) => self.reference(reference).map_err(|message| self.fault(message)),
            Event::Decl(declaration) => self.declaration(declaration),
            Event::PI(instruction) => self.instruction(instruction.target()),
            Event::DocType(_) => self.doctype(),
            Event::Comment(_) | Event::CData(_) | Event::Eof => Ok(()),
        }
    }

    fn finish(self) -> Result<Vec<Warning>, SyntaxError> {
        match self.open.last() {
            Some(start) => Err(position_at(self.text, *start).error("the element that starts here is not closed")),
            None if self.root => Ok(self.warnings),
            None => Err(self.fault("an XML document needs a root element")),
        }
    }

    fn element(&mut self, tag: &BytesStart<'_>) -> Result<(), SyntaxError> {
        if self.open.is_empty() && self.root {
            return Err(self.fault("a second root element"));
        }
        self.root = true;
        if self.open.len() >= MAX_DEPTH {
            return Err(self.fault(format!("nested more than {MAX_DEPTH} levels deep")));
        }
        let name = tag.name();
        if !is_name(name.as_ref()) {
            return Err(self.fault(format!("`{}` is no name of an element", name.as_ref())));
        }
        if lacks_space(tag.attributes_raw()) {
            return Err(self.fault("attributes must be separated by a blank"));
        }
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| self.attribute_fault(&error))?;
            let name = attribute.key.as_ref();
            if !is_name(name) {
                return Err(self.fault(format!("`{name}` is no name of an attribute")));
            }
            self.attribute_value(&attribute.value)
                .map_err(|message| self.fault(format!("in the attribute `{name}`: {message}")))?;
        }
        Ok(())
    }

    fn attribute_fault(&self, error: &AttrError) -> SyntaxError {
        let (offset, message) = match error {
            AttrError::ExpectedEq(offset) => (offset, "expected `=` after the name of the attribute"),
            AttrError::ExpectedValue(offset) => (offset, "expected a value after `=`"),
            AttrError::UnquotedValue(offset) => (offset, "the value of an attribute must be quoted"),
            AttrError::ExpectedQuote(offset, _) => (offset, "the value of the attribute is not closed"),
            AttrError::Duplicated(offset, _) => (offset, "the attribute is repeated in this element"),
        };
        // Offsets of attributes count from after the `<`.
        position_at(self.text, self.start.saturating_add(1).saturating_add(*offset)).error(message)
    }

    fn attribute_value(&self, value: &str) -> Result<(), String> {
        if value.contains('<') {
            return Err("`<` must be written as `&lt;`".to_owned());
        }
        for part in value.split('&').skip(1) {
            let (reference, _) = part.split_once(';').ok_or("`&` must be written as `&amp;`")?;
            self.reference(reference)?;
        }
        Ok(())
    }

    /// Checks a reference without its `&` and `;`.
    fn reference(&self, reference: &str) -> Result<(), String> {
        if let Some(number) = reference.strip_prefix('#') {
            let code = match number.strip_prefix('x') {
                Some(digits) if digits.chars().all(|c| c.is_ascii_hexdigit()) => u32::from_str_radix(digits, 16).ok(),
                None if number.chars().all(|c| c.is_ascii_digit()) => number.parse().ok(),
                Some(_) | None => None,
            };
            return match code.and_then(char::from_u32) {
                Some(character) if is_allowed(character) => Ok(()),
                Some(_) | None => Err(format!("`&{reference};` is no character of XML")),
            };
        }
        if matches!(reference, "lt" | "gt" | "amp" | "apos" | "quot") || (self.doctype && is_name(reference)) {
            Ok(())
        } else {
            Err(format!("the entity `&{reference};` is not declared; a lone `&` is written `&amp;`"))
        }
    }

    fn content(&self, content: &str) -> Result<(), SyntaxError> {
        let visible = |c: char| !matches!(c, ' ' | '\t' | '\r' | '\n');
        let fault = if self.open.is_empty() {
            content.find(visible).map(|offset| (offset, "text outside the root element"))
        } else {
            content.find("]]>").map(|offset| (offset, "`]]>` in text must be written as `]]&gt;`"))
        };
        match fault {
            Some((offset, message)) => Err(position_at(self.text, self.start.saturating_add(offset)).error(message)),
            None => Ok(()),
        }
    }

    fn declaration(&mut self, declaration: &BytesDecl<'_>) -> Result<(), SyntaxError> {
        if self.start != 0 {
            return Err(self.fault("the XML declaration must come first"));
        }
        if let Err(error) = declaration.version() {
            return Err(self.fault(error.to_string()));
        }
        let encoding = declaration.encoding().transpose().map_err(|error| self.attribute_fault(&error))?;
        if let Some(encoding) = encoding {
            let same = ["utf-8", "utf8", "us-ascii"].iter().any(|name| encoding.eq_ignore_ascii_case(name));
            if !same {
                let position = position_at(self.text, 0);
                self.warnings.push(Warning {
                    code: "declared_encoding".to_owned(),
                    line: position.line,
                    column: position.column,
                    message: format!("the declaration says `{encoding}`, but the content is UTF-8"),
                });
            }
        }
        Ok(())
    }

    fn instruction(&self, target: &str) -> Result<(), SyntaxError> {
        if is_name(target) && !target.eq_ignore_ascii_case("xml") {
            Ok(())
        } else {
            Err(self.fault(format!("`{target}` is no name of a processing instruction")))
        }
    }

    fn doctype(&mut self) -> Result<(), SyntaxError> {
        if self.root || self.doctype {
            return Err(self.fault("a document type comes once, before the root element"));
        }
        self.doctype = true;
        let written = self.text.get(self.start..).unwrap_or_default();
        if written.starts_with("<!DOCTYPE") { Ok(()) } else { Err(self.fault("`DOCTYPE` is written in capitals")) }
    }
}

/// Whether an attribute follows a closing quote without a blank between.
fn lacks_space(attributes: &str) -> bool {
    let mut quote = None;
    let mut closed = false;
    for character in attributes.chars() {
        match quote {
            Some(open) => {
                closed = character == open;
                if closed {
                    quote = None;
                }
            }
            None if closed && !matches!(character, ' ' | '\t' | '\r' | '\n') => return true,
            None => {
                closed = false;
                quote = matches!(character, '"' | '\'').then_some(character);
            }
        }
    }
    false
}

/// Production 2, `Char`.
fn is_allowed(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// Production 5, `Name`.
fn is_name(name: &str) -> bool {
    let mut characters = name.chars();
    characters.next().is_some_and(starts_name)
        && characters.all(|c| {
            starts_name(c)
                || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
        })
}

/// Production 4, `NameStartChar`.
fn starts_name(character: char) -> bool {
    matches!(character,
        ':' | '_' | 'A'..='Z' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> (u32, u32) {
        let error = check(text).unwrap_err();
        (error.line, error.column)
    }

    #[test]
    fn well_formed_documents_are_accepted() {
        for text in [
            "<a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- c -->\r\n<a b='1' c=\"2\">x &amp; &#233; &#x1F600;</a>\r\n<!-- d -->\r\n",
            "<a><![CDATA[<&]]></a>",
            "<a><?php echo?></a>",
            "<p:a xmlns:p='urn:x' p:b='&lt;&quot;'><p:c/></p:a >",
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'><!ELEMENT a ANY>]><a b='&x;'>&x;</a>",
            "<配置 键='值'/>",
            "<a b='>'/>",
        ] {
            assert_eq!(check(text), Ok(Vec::new()), "{text}");
        }
    }

    #[test]
    fn documents_that_are_not_well_formed_are_refused() {
        for text in [
            "",
            " \n",
            "x",
            "<a>",
            "</a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "x<a/>",
            "<a><b></a></b>",
            "<a b='1' b='2'/>",
            "<a b=1/>",
            "<a b/>",
            "<a b='1'c='2'/>",
            "<a b='<'/>",
            "<a b='&'/>",
            "<a b='&x;'/>",
            "<a>&</a>",
            "<a>&x;</a>",
            "<a>& b</a>",
            "<a>&#0;</a>",
            "<a>&#xD800;</a>",
            "<a>&#+1;</a>",
            "<a>]]></a>",
            "<1a/>",
            "<a 1='x'/>",
            "< a/>",
            "<a><!-- -- --></a>",
            "<a><![CDATA[</a>",
            " <?xml version='1.0'?><a/>",
            "<?xml encoding='utf-8'?><a/>",
            "<a/><!DOCTYPE a>",
            "<!DOCTYPE a><!DOCTYPE a><a/>",
            "<!doctype a><a/>",
            "<a>\u{1}</a>",
            "<a><?XML x?></a>",
            "<a>\u{FFFF}</a>",
            "<![CDATA[x]]><a/>",
            "&amp;<a/>",
            "<>",
            "<a",
            "<!",
            "<?",
            "<!DOCTYPE a [",
            "<a b='",
        ] {
            assert!(check(text).is_err(), "{text}");
        }
    }

    #[test]
    fn faults_are_placed_in_characters() {
        assert_eq!(fault("<a>\r\n  <é></b>\r\n</a>"), (2, 6));
        assert_eq!(fault("<a é='1'\n  é='2'/>"), (2, 3));
        assert_eq!(fault("<a>\n  é<b>\n</a"), (3, 1));
        assert_eq!(fault("<a>\n é<b></a>"), (2, 6));
        assert_eq!(fault("<a>\n<b>\n"), (2, 1));
        assert_eq!(fault("<a/>\n  é"), (2, 3));
        assert_eq!(fault("<a>é &nope;</a>"), (1, 6));
    }

    #[test]
    fn a_declared_encoding_other_than_utf_8_is_a_warning() {
        let warnings = check("<?xml version='1.0' encoding='ISO-8859-1'?><a/>").unwrap();
        assert_eq!(warnings.first().map(|w| w.code.as_str()), Some("declared_encoding"));
        assert_eq!(check("<?xml version='1.0' encoding='utf-8'?><a/>"), Ok(Vec::new()));
    }

    #[test]
    fn nesting_has_a_limit() {
        let nested = |levels: usize| format!("{}{}", "<a>".repeat(levels), "</a>".repeat(levels));
        assert!(check(&nested(128)).is_ok());
        assert_eq!(fault(&nested(129)), (1, 128 * 3 + 1));
    }

    #[test]
    fn entities_are_never_expanded() {
        let mut bomb = String::from("<!DOCTYPE a [<!ENTITY l0 'lol'>");
        for level in 1..30 {
            let reference = format!("&l{};", level - 1).repeat(10);
            bomb.extend([format!("<!ENTITY l{level} '{reference}'>")]);
        }
        bomb.push_str("]><a>&l29;</a>");
        assert_eq!(check(&bomb), Ok(Vec::new()));
    }
}
