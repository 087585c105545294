//! What a password must be. After NIST SP 800-63B and OWASP: length counts, no rules about kinds of characters, and what
//! is tried first is refused. The bytes are taken as given: no Unicode normalisation, nothing cut off.

use std::ops::RangeInclusive;

/// How many characters a new password has.
pub const PASSWORD_CHARS: RangeInclusive<usize> = 12..=128;
/// How many of them must be hard to guess.
const OWN_CHARS: usize = 8;

/// The rule, for people who choose one.
pub const PASSWORD_RULE: &str = "12 to 128 characters of any kind, at least 8 of them outside the user name, common \
                                 words such as \"password\" or \"pintle\", rows of keys, sequences and repetitions";

/// Words that people try first, in lower case and without digits for letters.
const COMMON: &str = "\
    abc access account admin administrator amanda andrew angel apple ashley autumn bailey banana baseball \
    basketball batman buster butterfly changeit changeme charlie cheese chelsea chocolate computer config \
    cookie daniel default demo dragon eagle flower football freedom friday friend george ginger guest \
    hallo hammer hannah harley hello hockey hunter iloveyou internet jennifer jessica jordan joshua justin killer \
    letmein liverpool login london love maggie manager martin master matrix matthew mercedes michael michelle \
    monday monkey mustang nacos nicole oracle orange passphrase passw password passwort patrick pepper pintle \
    please pokemon postgres princess purple ranger robert root samantha samsung secret secure server service \
    shadow silver soccer spring starwars summer sunday sunshine superman support sysadmin system temp test thomas \
    thunder tigger trustno user welcome whatever william winter woaini yankees zaq";

/// Keys side by side and one below the other.
const ROWS: &str = "\
    1234567890 qwertyuiop qwertzuiop azertyuiop asdfghjkl qsdfghjklm zxcvbnm yxcvbnm !@#$%^&*() \
    1qaz2wsx3edc4rfv5tgb6yhn7ujm 1q2w3e4r5t6y7u8i9o0p qazwsxedcrfvtgbyhnujm";
/// From how many keys on a part of a row counts.
const ROW_KEYS: usize = 4;
/// From how many characters on a sequence or a repetition counts.
const RUN_CHARS: usize = 3;

/// Why a password is refused. Says the rule that it breaks, never what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short or too long.
    #[error("must have {} to {} characters, this has {_0}", PASSWORD_CHARS.start(), PASSWORD_CHARS.end())]
    Length(usize),
    /// Somebody would guess it.
    #[error("is easy to guess: it must have {PASSWORD_RULE}")]
    Guessable,
}

/// Judges the new password of a user.
pub fn check(password: &str, user: &str) -> Result<(), PasswordError> {
    let chars = password.chars().count();
    if !PASSWORD_CHARS.contains(&chars) {
        return Err(PasswordError::Length(chars));
    }
    if own_chars(password, user) < OWN_CHARS {
        return Err(PasswordError::Guessable);
    }
    Ok(())
}

/// How many characters are left without what somebody would try.
fn own_chars(password: &str, user: &str) -> usize {
    let plain: Vec<char> = password.chars().map(|c| c.to_ascii_lowercase()).collect();
    let plain: Vec<char> = plain.get(..period(&plain)).unwrap_or_default().to_vec();
    let letters: Vec<char> = plain.iter().copied().map(letter).collect();
    let mut guessed = vec![false; plain.len()];
    let words = COMMON.split(' ').chain(std::iter::once(user).filter(|user| user.len() >= RUN_CHARS));
    for word in words {
        for text in [&plain, &letters] {
            cover(&mut guessed, text, &word.chars().collect::<Vec<_>>());
        }
    }
    for row in ROWS.split(' ') {
        let forward: Vec<char> = row.chars().collect();
        let backward: Vec<char> = row.chars().rev().collect();
        for keys in forward.windows(ROW_KEYS).chain(backward.windows(ROW_KEYS)) {
            cover(&mut guessed, &plain, keys);
        }
    }
    for (start, run) in plain.windows(RUN_CHARS).enumerate() {
        if is_run(run) {
            guessed.iter_mut().skip(start).take(RUN_CHARS).for_each(|guessed| *guessed = true);
        }
    }
    guessed.iter().filter(|guessed| !**guessed).count()
}

/// The length of the block that the whole text repeats; its own length when there is none.
fn period(text: &[char]) -> usize {
    let repeats = |block: &usize| text.iter().zip(text.iter().skip(*block)).all(|(a, b)| a == b);
    (1..=text.len() / 2).find(repeats).unwrap_or(text.len())
}

/// Marks every place where a word stands.
fn cover(guessed: &mut [bool], text: &[char], word: &[char]) {
    for (start, found) in text.windows(word.len()).enumerate() {
        if found == word {
            guessed.iter_mut().skip(start).take(word.len()).for_each(|guessed| *guessed = true);
        }
    }
}

/// Whether characters go up, go down or stay the same.
fn is_run(chars: &[char]) -> bool {
    let step = |pair: &[char]| match pair {
        [a, b] => i64::from(u32::from(*b)) - i64::from(u32::from(*a)),
        _ => 0,
    };
    let mut steps = chars.windows(2).map(step);
    let Some(first) = steps.next() else { return false };
    first.abs() <= 1 && steps.all(|step| step == first)
}

/// The letter that a digit or sign is written for.
fn letter(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_phrase_is_taken_whatever_it_is_made_of() {
        let good = [
            "correct horse battery staple",
            "another horse and another staple",
            "kq7 vw2 zt9 mb4",
            "лошадь и батарея",
            "马电池订书钉 马电池钉书针",
            "xK9#mQ2$vL7!",
            &"horse and battery ".repeat(3),
            &"kq7vw2zt9mb4".repeat(10),
        ];
        for password in good {
            assert_eq!(check(password, "vera"), Ok(()), "{password}");
        }
    }

    #[test]
    fn a_length_out_of_bounds_is_told_in_characters() {
        assert_eq!(check("kq7vw2zt9mb", "vera"), Err(PasswordError::Length(11)));
        assert_eq!(check("", "vera"), Err(PasswordError::Length(0)));
        let long: String = "kq7vw2zt9mb4".chars().cycle().take(129).collect();
        assert_eq!(check(&long, "vera"), Err(PasswordError::Length(129)));
        assert_eq!(check("лошадьбатаре", "vera"), Ok(()), "12 characters, 24 bytes");
        let text = PasswordError::Length(5).to_string();
        assert_eq!(text, "must have 12 to 128 characters, this has 5");
    }

    #[test]
    fn what_is_tried_first_is_refused() {
        let bad = [
            "passwordpassword",
            "Password1234!",
            "P@ssw0rd2024!",
            "pintle-admin-1",
            "PintlePintle12",
            "qwertyuiop[]",
            "1qaz2wsx3edc4rfv",
            "1q2w3e4r5t6y",
            "poiuytrewq123",
            "asdfghjkl;'1",
            "aaaaaaaaaaaaaaa",
            "abcdefghijklmnop",
            "9876543210987654",
            "letmein-letmein",
            "welcome2026!!",
            "iloveyou12345",
            "abababababababab",
            "changeme-admin",
            "            ",
            "wilhelmina-wilhelmina",
            "Wilhelmina2026!",
        ];
        for password in bad {
            assert_eq!(check(password, "wilhelmina"), Err(PasswordError::Guessable), "{password}");
        }
        assert_eq!(check("wilhelmina-wilhelmina", "vera"), Ok(()), "somebody else's name is no hint");
        assert!(PasswordError::Guessable.to_string().contains("12 to 128"));
    }

    proptest! {
        #[test]
        fn every_text_is_judged_without_an_accident(password in ".{0,200}", user in "[a-z]{0,70}") {
            let chars = password.chars().count();
            prop_assert_eq!(matches!(check(&password, &user), Err(PasswordError::Length(_))), !(12..=128).contains(&chars));
        }
    }
}
