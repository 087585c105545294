//! Which variables a service may get, and from whom.
//!
//! Commands come from `agent.yaml` alone. Some variables decide what code a command runs just as well, so that an entry, which
//! other people write, may not set them by whatever name it happens to hold; the owner of the machine may, by naming them.

/// What entries may not name, whatever follows.
const PREFIXES: [&str; 2] = ["LD_", "DYLD_"];

/// What entries may not name: where programs and libraries are found, what shells run or how they read, and what the interpreters
/// and virtual machines load before the program.
const NAMES: [&str; 32] = [
    "BASHOPTS",
    "BASH_ENV",
    "CDPATH",
    "CLASSPATH",
    "DOTNET_STARTUP_HOOKS",
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "IFS",
    "JAVA_TOOL_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "LOCPATH",
    "LUA_INIT",
    "NODE_OPTIONS",
    "NODE_PATH",
    "OPENSSL_CONF",
    "OPENSSL_ENGINES",
    "OPENSSL_MODULES",
    "PATH",
    "PERL5LIB",
    "PERL5OPT",
    "PHPRC",
    "PHP_INI_SCAN_DIR",
    "PROMPT_COMMAND",
    "PS4",
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "RUBYLIB",
    "RUBYOPT",
    "SHELLOPTS",
    "_JAVA_OPTIONS",
];

/// Variables of the agent itself, such as its token.
const OWN: &str = "PINTLE_";

/// Says why a variable that an entry names, by `env_from`, is refused.
///
/// # Errors
/// When it decides what code runs, or is one of the agent's own.
pub fn check_of_entry(name: &str) -> Result<(), String> {
    if name.starts_with(OWN) {
        return Err(format!("it sets `{name}`, and variables that begin with {OWN} are the agent's own"));
    }
    if PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name) {
        return Err(format!(
            "it sets `{name}`, which decides what code runs: an entry may do so only where agent.yaml names it under `env`"
        ));
    }
    Ok(())
}

/// Says why a variable that `agent.yaml` names is refused.
///
/// # Errors
/// When it is one of the agent's own, or no name.
pub fn check_of_owner(name: &str) -> Result<(), String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(format!("`{name}` is no name of a variable"));
    }
    if name.starts_with(OWN) {
        return Err(format!("`{name}`: variables that begin with {OWN} are the agent's own"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_sets_what_a_program_reads_and_not_what_it_runs() {
        for good in ["PORT", "DATABASE_URL", "path", "LDAP_URL", "ENVIRONMENT", "MY_PATH", "NODE_ENV", "JAVA_HOME"] {
            assert_eq!(check_of_entry(good), Ok(()), "{good}");
        }
        for bad in ["LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "PATH", "BASH_ENV", "ENV", "IFS", "PYTHONPATH"] {
            assert!(check_of_entry(bad).unwrap_err().contains(&format!("`{bad}`")), "{bad}");
            assert_eq!(check_of_owner(bad), Ok(()), "{bad} is the owner's choice");
        }
        assert!(check_of_entry("_JAVA_OPTIONS").is_err());
        for bad in ["PINTLE_TOKEN", "PINTLE_"] {
            assert!(check_of_entry(bad).is_err() && check_of_owner(bad).is_err(), "{bad}");
        }
        for bad in ["", "A=B", "A\0"] {
            assert!(check_of_owner(bad).is_err(), "{bad:?}");
        }
    }
}
