//! The files of `deploy/` say nothing that the program does not know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Command};
use pintle::agent::settings::{AgentSettings, Surroundings};
use serde_json::Value;

use crate::program::Tested;

/// Where the units expect the program.
const INSTALLED: &str = "/usr/local/bin/pintle";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy").join(name)
}

fn read(path: &Path) -> Tested<String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()).into())
}

/// The subcommand that is called, with the options that it takes from its parents.
fn called<'a>(command: &'a Command, matches: &ArgMatches) -> &'a Command {
    match matches.subcommand() {
        Some((name, matches)) => called(command.find_subcommand(name).unwrap(), matches),
        None => command,
    }
}

/// Judges a command line as the program would, with variables and settings given as flags.
fn judge(line: &[String], variables: &BTreeMap<String, String>, settings: &toml::Table) -> Tested {
    let mut whole = pintle::cli::command();
    whole.build();
    let name = line.first().ok_or("no subcommand")?;
    let subcommand = whole.find_subcommand(name).ok_or_else(|| format!("there is no pintle {name}"))?.clone();
    let mut arguments = vec!["pintle".to_owned()];
    arguments.extend_from_slice(line);
    for (variable, value) in variables {
        let found = subcommand.get_arguments().find(|argument| argument.get_env() == Some(variable.as_ref()));
        let argument = found.ok_or_else(|| format!("pintle {name} knows no variable {variable}"))?;
        arguments.push(format!("--{}={value}", argument.get_long().ok_or("a variable of no flag")?));
    }
    for (flag, value) in settings {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        arguments.push(format!("--{flag}={text}"));
    }
    let matches = whole.clone().try_get_matches_from(&arguments).map_err(|error| format!("{arguments:?}: {error}"))?;
    assert_eq!(called(&whole, &matches).get_name(), line.iter().rfind(|word| is_command(&whole, word)).unwrap());
    Ok(())
}

/// Whether a word of a command line is a subcommand at any depth.
fn is_command(command: &Command, word: &str) -> bool {
    command.get_subcommands().any(|sub| sub.get_name() == word || is_command(sub, word))
}

/// Judges `agent.yaml` as the agent would. Its files, and the folders that they lie in.
fn agent(text: &str) -> Tested<AgentSettings> {
    let surroundings = Surroundings { host: "host".to_owned(), server: None };
    Ok(AgentSettings::parse(text, Path::new("/etc/pintle/agent.yaml"), &surroundings)?)
}

/// The values of a key in a unit, in order.
fn values<'a>(unit: &'a str, key: &str) -> Vec<&'a str> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    lines.filter(|(name, _)| *name == key).map(|(_, value)| value).collect()
}

#[test]
fn the_units_of_systemd_call_the_program_as_it_is() -> Tested {
    let (mut lines, mut named) = (Vec::new(), BTreeSet::new());
    for unit in ["pintle.service", "pintle-agent.service"] {
        let text = read(&folder("systemd").join(unit))?;
        let mut variables = BTreeMap::new();
        for file in values(&text, "EnvironmentFile") {
            let name = Path::new(file).file_name().ok_or("no file")?;
            for line in read(&folder("systemd").join(name))?.lines().filter(|line| !line.starts_with('#')) {
                let (variable, value) = line.split_once('=').ok_or("no variable")?;
                variables.insert(variable.to_owned(), value.to_owned());
            }
        }
        for key in ["ExecStartPre", "ExecStart"] {
            for line in values(&text, key) {
                let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
                assert_eq!(words[0], INSTALLED, "{unit}");
                let settings = match words.iter().position(|word| word == "--settings") {
                    Some(at) => {
                        read(&folder("systemd").join(Path::new(&words[at + 1]).file_name().unwrap()))?.parse()?
                    }
                    None => toml::Table::new(),
                };
                judge(&words[1..], &variables, &settings).map_err(|error| format!("{unit}: {line}: {error}"))?;
                lines.push(words[1..].join(" "));
            }
        }
        // What a unit reads lies beside it, by the same name.
        let paths = text.lines().filter(|line| !line.starts_with('#')).flat_map(|line| line.split(['=', ' ']));
        for path in paths.filter(|word| word.starts_with("/etc/pintle/")) {
            let name = Path::new(path).file_name().ok_or("no file")?;
            assert!(folder("systemd").join(name).is_file(), "{unit} names {path}, which is not in deploy/systemd");
            named.insert(name.to_owned());
        }
        for file in text.lines().filter_map(|line| line.strip_prefix("#   install ")) {
            let source = file.split_whitespace().rfind(|word| !word.starts_with(['/', '-']) && word.contains('.'));
            if let Some(source) = source.filter(|word| Path::new(word).extension().is_some()) {
                assert!(folder("systemd").join(source).is_file(), "{unit}: {file}");
            }
        }
    }
    assert_eq!(
        lines,
        [
            "serve --settings /etc/pintle/pintle.toml",
            "agent check --settings-only -c /etc/pintle/agent.yaml",
            "agent -c /etc/pintle/agent.yaml"
        ]
    );
    assert_eq!(named.len(), 3, "{named:?}");
    let settings = agent(&read(&folder("systemd").join("agent.yaml"))?)?;
    let unit = read(&folder("systemd").join("pintle-agent.service"))?;
    let state = Path::new("/var/lib").join(values(&unit, "StateDirectory")[0]);
    assert_eq!(settings.state_dir, state, "systemd makes another folder than the agent uses");
    assert!(unit.contains(settings.token_file.unwrap().to_str().unwrap()), "nobody is told of the token");
    Ok(())
}

/// Every object of a manifest.
fn objects(name: &str) -> Tested<Vec<Value>> {
    Ok(serde_saphyr::from_multiple(&read(&folder("kubernetes").join(name))?)?)
}

/// The pods that an object makes.
fn pod(object: &Value) -> Option<&Value> {
    let paths = ["/spec/template", "/spec/jobTemplate/spec/template"];
    paths.iter().find_map(|path| object.pointer(path))
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// The folders of a container: volume by where it is mounted.
fn mounts(container: &Value) -> BTreeMap<PathBuf, String> {
    list(container, "volumeMounts")
        .map(|mount| (mount["mountPath"].as_str().unwrap().into(), mount["name"].as_str().unwrap().to_owned()))
        .collect()
}

/// The volume in which a path of a container lies.
fn volume<'a>(mounts: &'a BTreeMap<PathBuf, String>, path: &Path) -> Option<&'a String> {
    path.ancestors().find_map(|folder| mounts.get(folder))
}

/// Judges a container of the program: its arguments, its variables, and where its secrets come from.
fn judge_container(container: &Value) -> Tested<Vec<String>> {
    let line: Vec<String> = list(container, "args").map(|word| word.as_str().unwrap().to_owned()).collect();
    let mut variables = BTreeMap::new();
    for variable in list(container, "env") {
        let secret = variable.pointer("/valueFrom/secretKeyRef/name").is_some_and(Value::is_string);
        assert!(secret && variable.get("value").is_none(), "{variable}: no secret is inline");
        variables.insert(variable["name"].as_str().unwrap().to_owned(), "postgres://of-a-secret".to_owned());
    }
    judge(&line, &variables, &toml::Table::new())?;
    let locked = &container["securityContext"];
    assert_eq!((&locked["readOnlyRootFilesystem"], &locked["allowPrivilegeEscalation"]), (&true.into(), &false.into()));
    Ok(line)
}

/// What a flag of a command line says, written as `--flag=value`.
fn value<'a>(line: &'a [String], flag: &'a str) -> Tested<&'a str> {
    let found = line.iter().find_map(|word| word.strip_prefix(flag)?.strip_prefix('='));
    found.ok_or_else(|| format!("no {flag}").into())
}

#[test]
fn the_servers_of_kubernetes_are_two_that_are_asked_what_they_answer() -> Tested {
    let objects = objects("server.yaml")?;
    let kinds: Vec<_> = objects.iter().map(|object| object["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Deployment", "Service", "PodDisruptionBudget", "NetworkPolicy"]);
    let [deployment, service, budget, policy] = &objects[..] else { return Err("four objects".into()) };
    assert_eq!((&deployment["spec"]["replicas"], &budget["spec"]["minAvailable"]), (&2.into(), &1.into()));
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let line = judge_container(container)?;
    let port =
        |name: &str| list(container, "ports").find(|port| port["name"] == name).unwrap()["containerPort"].clone();
    for (flag, name) in [("--listen", "https"), ("--metrics-listen", "metrics")] {
        assert!(value(&line, flag)?.ends_with(&format!(":{}", port(name))), "{flag} is not the port {name}");
    }
    // What they speak is TLS, and their keys are in secrets.
    assert!(!line.iter().any(|word| word == "--insecure"));
    let mounts = mounts(container);
    let volumes = &deployment["spec"]["template"]["spec"];
    for (flag, secret) in
        [("--tls-cert", "pintle-tls"), ("--tls-key", "pintle-tls"), ("--master-key-file", "pintle-master-key")]
    {
        let name = volume(&mounts, Path::new(value(&line, flag)?)).ok_or(flag)?;
        let found = list(volumes, "volumes").find(|volume| volume["name"] == name.as_str()).ok_or(flag)?;
        assert_eq!(found["secret"]["secretName"], secret);
    }
    let document: Value = serde_json::from_str(include_str!("../../openapi.json"))?;
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        assert!(document["paths"][asked["path"].as_str().unwrap()].is_object(), "{probe}: {asked}");
        assert_eq!((&asked["port"], &asked["scheme"]), (&"https".into(), &"HTTPS".into()));
    }
    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    for selector in [
        &deployment["spec"]["selector"]["matchLabels"],
        &service["spec"]["selector"],
        &budget["spec"]["selector"]["matchLabels"],
        &policy["spec"]["podSelector"]["matchLabels"],
    ] {
        assert_eq!(selector, labels);
    }
    // Requests in flight finish before the container is killed.
    assert!(deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"].as_u64() > Some(20));
    Ok(())
}

#[test]
fn the_agents_of_kubernetes_share_their_files_with_the_service() -> Tested {
    let mut lines = BTreeSet::new();
    for name in ["agent-sidecar.yaml", "agent-init.yaml"] {
        let objects = objects(name)?;
        assert!(objects.iter().all(|object| object["kind"] != "Secret"), "{name}: no secret is inline");
        let map = objects.iter().find(|object| object["kind"] == "ConfigMap").ok_or("no ConfigMap")?;
        let settings = agent(map["data"]["agent.yaml"].as_str().ok_or("no agent.yaml")?)?;
        let pod = objects.iter().find_map(pod).ok_or("no pod")?;
        assert_eq!(pod["metadata"]["labels"]["pintle-client"], "true", "{name}: the server lets it in");
        let volumes: BTreeMap<_, _> =
            list(&pod["spec"], "volumes").map(|one| (one["name"].as_str().unwrap(), one)).collect();
        let all: Vec<_> = list(&pod["spec"], "initContainers").chain(list(&pod["spec"], "containers")).collect();
        let is_agent = |container: &&&Value| container["image"].as_str().unwrap().starts_with("pintle:");
        let (agents, services): (Vec<&Value>, Vec<&Value>) = all.iter().partition(is_agent);
        assert_eq!(services.len(), 1);
        for container in agents {
            let line = judge_container(container)?;
            let mounts = mounts(container);
            let config = Path::new(&line[line.iter().position(|word| word == "-c").ok_or("no -c")? + 1]);
            assert_eq!(config.file_name().unwrap(), "agent.yaml");
            assert_eq!(
                volumes[&**volume(&mounts, config).ok_or("no settings")?]["configMap"]["name"],
                map["metadata"]["name"]
            );
            let token = volume(&mounts, settings.token_file.as_ref().ok_or("no token")?).ok_or("no token")?;
            assert!(volumes[&**token]["secret"]["secretName"].is_string());
            let authority = volume(&mounts, settings.ca_file.as_ref().ok_or("no authority")?).ok_or("no authority")?;
            assert!(volumes[&**authority]["configMap"]["name"].is_string());
            assert!(settings.servers.iter().all(|server| server.to_string().starts_with("https://")), "{name}");
            let state = volume(&mounts, &settings.state_dir).ok_or("the state is lost")?;
            assert!(volumes[&**state]["emptyDir"].is_object());
            for block in &settings.services {
                for file in &block.files {
                    let path =
                        block.folder.as_ref().map_or_else(|| file.path.clone(), |folder| folder.join(&file.path));
                    let written = volume(&mounts, &path).ok_or("files outside of the volume")?;
                    assert_eq!(volume(&self::mounts(services[0]), &path), Some(written), "{name}: {}", path.display());
                }
            }
            lines.insert(line.join(" "));
        }
    }
    let service = "agent -c /etc/pintle-agent/agent.yaml";
    assert_eq!(lines, BTreeSet::from([service.to_owned(), format!("{service} --once")]));
    Ok(())
}
