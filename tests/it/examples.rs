//! The examples as their pages tell them: real services, the real agent, and a change that is live or refused.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use pintle::agent::settings::{AgentSettings, Surroundings};
use pintle::domain::formats::{self, Format};

use crate::program::{Actor, Node, Ran, Tested, ran, write};

/// Nothing takes longer on any machine that is not stuck.
const BOUND: Duration = Duration::from_secs(30);

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Where programs are looked for: also where only root looks.
fn path() -> String {
    format!("{}:/usr/local/sbin:/usr/sbin:/sbin", std::env::var("PATH").unwrap_or_default())
}

fn has(program: &str) -> bool {
    std::env::split_paths(&path()).any(|folder| folder.join(program).is_file())
}

fn free_port() -> Tested<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// A process that ends with the test.
struct Process(Child);

impl Process {
    fn start(mut command: Command, log: &Path) -> Tested<Self> {
        let log = fs::OpenOptions::new().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        Ok(Self(command.spawn()?))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // All of them end what they started when they are asked to.
        if let Ok(pid) = i32::try_from(self.0.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.0.wait();
    }
}

/// An example at work in a folder of its own.
struct Example {
    folder: PathBuf,
    /// The folders of programs of its own, then those of the machine.
    path: String,
    port: u16,
    actor: Actor,
    /// After what they need: fields end in this order.
    processes: Vec<Process>,
    _node: Node,
}

/// What an example is and how it is put on this machine.
struct Script<'a> {
    name: &'a str,
    namespace: &'a str,
    key: &'a str,
    /// What its files say, and what they say here; `{dir}` and `{port}` are this test's.
    replaced: &'a [(&'a str, &'a str)],
    /// Programs of its own.
    programs: Option<PathBuf>,
}

impl Example {
    /// Puts the files of an example in place and publishes its entry, as its page says.
    fn new(script: &Script<'_>) -> Tested<Self> {
        let node = Node::start()?;
        let actor = node.admin()?;
        // A pid file and a socket are in it: short, and open to the user that nginx runs as.
        let folder = actor.home.path().join(script.name);
        fs::create_dir_all(folder.join("live"))?;
        let path = script.programs.iter().map(|folder| folder.display().to_string()).chain([path()]);
        let path = path.collect::<Vec<_>>().join(":");
        let this = Self { folder, path, port: free_port()?, actor, processes: Vec::new(), _node: node };
        let mut texts = Vec::new();
        for file in fs::read_dir(examples().join("services").join(script.name))? {
            let file = file?.path();
            let name = file.file_name().and_then(|name| name.to_str()).ok_or("no name")?.to_owned();
            if file.is_file() && name != "README.md" {
                texts.push((name, fs::read_to_string(file)?));
            }
        }
        let server = format!("\"{}\"", this.actor.server);
        for (old, new) in script.replaced.iter().chain(&[("\"http://127.0.0.1:8080\"", &*server)]) {
            assert!(texts.iter().any(|(_, text)| text.contains(old)), "{} says nothing of {old}", script.name);
            let new = new.replace("{dir}", &this.folder.display().to_string());
            let new = new.replace("{port}", &this.port.to_string());
            for (_, text) in &mut texts {
                *text = text.replace(old, &new);
            }
        }
        texts.iter().try_for_each(|(name, text)| write(&this.folder, name, text))?;
        let address = format!("dev/{}", script.namespace);
        this.actor.does(&["ns", "create", &address])?;
        this.actor.puts(&format!("{address}/{}", script.key), &this.read(script.key)?)?;
        let token = this.actor.does(&["token", "create", script.name])?.out;
        write(&this.folder, "token", &token)?;
        Ok(this)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn read(&self, name: &str) -> Tested<String> {
        let file = self.file(name);
        fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()).into())
    }

    fn agent_command(&self, arguments: &[&str]) -> Command {
        let settings = self.file("agent.yaml").display().to_string();
        let mut command = self.actor.command(&[&["agent", "-c", &settings], arguments].concat());
        command.env("PATH", &self.path);
        command
    }

    fn agent(&self, arguments: &[&str]) -> Tested<Ran> {
        ran(self.agent_command(arguments), "")
    }

    /// The first files are put in place before the service is started.
    fn puts_files(&self) -> Tested {
        self.agent(&["check"])?.ends_with(0).complains("this would change");
        self.agent(&["--once"])?.ends_with(0).complains("the files are in place");
        Ok(())
    }

    fn starts_agent(&mut self) -> Tested {
        self.processes.insert(0, Process::start(self.agent_command(&[]), &self.file("agent.log"))?);
        Ok(())
    }

    /// Starts the service on the files that are there.
    fn starts(&mut self, program: &str, arguments: &[&str]) -> Tested {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.folder).env("PATH", &self.path).env("HOME", &self.folder);
        self.processes.insert(0, Process::start(command, &self.file("service.log"))?);
        Ok(())
    }

    /// The body of an answer with status 200.
    fn asked(&self) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(BOUND)).ok()?;
        stream.write_all(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.split(' ').nth(1).filter(|status| *status == "200")?;
        Some(body.trim_end().to_owned())
    }

    fn answers(&self, text: &str) -> Tested {
        self.until(text, || self.asked().is_some_and(|answer| answer == text))
    }

    /// Waits until something has become true.
    fn until(&self, what: &str, is: impl Fn() -> bool) -> Tested {
        let begun = Instant::now();
        while begun.elapsed() < BOUND {
            if is() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let logs: Vec<_> =
            ["agent.log", "service.log"].iter().map(|name| self.read(name).unwrap_or_default()).collect();
        Err(format!("{what}: not in time; it answers {:?}\n{}", self.asked(), logs.join("\n")).into())
    }

    /// How often the service was told, by the lines of a log.
    fn told(&self, (log, words): (&str, &str)) -> usize {
        self.read(log).unwrap_or_default().matches(words).count()
    }

    /// A good change is live after one reload; a bad one is refused, and changes nothing.
    fn follows(&self, script: &Script<'_>, news: &News<'_>) -> Tested {
        let entry = format!("dev/{}/{}", script.namespace, script.key);
        let waiting = ["put", &entry, "-m", "A change", "--wait", "100%", "--timeout", "30s"];
        let listed = || self.actor.does(&["instances", "dev"]).map(|ran| ran.out).unwrap_or_default();
        self.until("the instance is there and well", || {
            let listed = listed();
            listed.contains("live") && listed.contains("in_sync") && !listed.contains("unhealthy")
        })?;
        let before = self.told(news.reloads);
        self.actor.run(&waiting, &news.good)?.ends_with(0).complains("applied by 1 of 1 instance");
        self.answers(news.answer)?;
        assert_eq!(self.told(news.reloads), before + 1, "{}", self.read(news.reloads.0)?);
        let files = || {
            fs::read_dir(self.file("live"))
                .map(|files| files.flatten().map(|file| fs::read(file.path()).ok()).collect::<Vec<_>>())
        };
        let good = files()?;

        self.actor.run(&waiting, &news.bad)?.ends_with(4).complains(news.complaint);
        assert_eq!(self.asked().as_deref(), Some(news.answer));
        assert_eq!(self.told(news.reloads), before + 1, "a refused change reloads nothing");
        assert_eq!(files()?, good);
        assert!(listed().contains("rejected, 1 behind"), "{}", listed());
        let list = listed();
        let id = list.lines().nth(1).and_then(|line| line.split_whitespace().next()).ok_or("no instance")?;
        self.actor.does(&["instances", "show", "dev", id])?.says(news.complaint);
        self.agent(&["status"])?.ends_with(0).says("rejected the newest change").says(news.complaint);
        let log = self.read("agent.log")?;
        assert!(log.contains("rejected; what ran before still runs"), "{log}");
        assert!(log.contains(&news.complaint.replace('"', "\\\"")), "the log says why: {log}");
        self.agent(&["check"])?.ends_with(1).complains(news.complaint);
        Ok(())
    }
}

/// A change that is good and one that is not.
struct News<'a> {
    good: String,
    answer: &'a str,
    bad: String,
    complaint: &'a str,
    /// A log, and the words in it that every reload writes once.
    reloads: (&'a str, &'a str),
}

const GREETER: (&str, &str) = ("/srv/greeter", "{dir}");

#[test]
fn nginx_serves_a_change_and_never_sees_a_typo() -> Tested {
    // Where nobody but root may write, and where other tests listen.
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {{dir}}/{kind};"));
    let http = format!("http {{\n    {}\n", temporary.join("\n    "));
    let script = Script {
        name: "nginx",
        namespace: "edge",
        key: "nginx.conf",
        replaced: &[
            ("/etc/nginx/nginx.conf", "{dir}/live/nginx.conf"),
            ("token_file: /etc/pintle/token", "token_file: {dir}/token\nstate_dir: {dir}/state"),
            // Without systemd, as its page says.
            ("{ command: [systemctl, reload, nginx] }", "{ signal: HUP, pid_file: {dir}/nginx.pid }"),
            ("pid /run/nginx.pid", "pid {dir}/nginx.pid"),
            ("user www-data;", ""),
            ("/var/log/nginx", "{dir}"),
            ("127.0.0.1:8088", "127.0.0.1:{port}"),
            ("http {\n", &http),
        ],
        programs: None,
    };
    let mut example = Example::new(&script)?;
    example.puts_files()?;
    let live = example.file("live/nginx.conf").display().to_string();
    example.starts("nginx", &["-c", &live, "-g", "daemon off;"])?;
    example.answers("Hello from nginx")?;
    example.starts_agent()?;
    let text = example.read("nginx.conf")?;
    let news = News {
        good: text.replace("Hello from nginx", "Good evening"),
        answer: "Good evening",
        bad: text.replace("return 200", "retrun 200"),
        complaint: "unknown directive \"retrun\"",
        reloads: ("error.log", "(SIGHUP) received from"),
    };
    example.follows(&script, &news)
}

#[test]
fn gunicorn_starts_new_workers_on_a_change_and_none_on_a_bad_one() -> Tested {
    let script_file = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/gunicorn.sh");
    let programs = ran(piped(Command::new(script_file)), "")?.ends_with(0).out;
    let script = Script {
        name: "gunicorn",
        namespace: "greeter",
        key: "settings.json",
        replaced: &[GREETER, ("127.0.0.1:8000", "127.0.0.1:{port}")],
        programs: Some(programs.trim_end().into()),
    };
    let mut example = Example::new(&script)?;
    example.puts_files()?;
    let bind = format!("127.0.0.1:{}", example.port);
    example.starts("gunicorn", &["--bind", &bind, "--workers", "2", "--pid", "gunicorn.pid", "app:application"])?;
    example.answers("Hello from gunicorn, at most 10")?;
    example.starts_agent()?;
    let news = News {
        good: r#"{"greeting": "Good evening", "limit": 20}"#.to_owned(),
        answer: "Good evening, at most 20",
        bad: r#"{"greeting": "Good evening", "limit": 2000}"#.to_owned(),
        complaint: "limit must be a whole number from 1 to 1000, not 2000",
        reloads: ("service.log", "Handling signal: hup"),
    };
    example.follows(&script, &news)
}

#[test]
fn node_starts_anew_on_a_change_and_goes_on_after_a_bad_one() -> Tested {
    let script = Script {
        name: "node",
        namespace: "greeter",
        key: "greeter.env",
        replaced: &[GREETER, ("127.0.0.1:3000", "127.0.0.1:{port}"), ("PORT=3000", "PORT={port}")],
        programs: None,
    };
    let mut example = Example::new(&script)?;
    example.agent(&["check"])?.ends_with(0);
    example.starts_agent()?;
    example.answers("Hello from Node")?;
    let text = example.read("greeter.env")?;
    let news = News {
        good: text.replace("Hello from Node", "Good evening"),
        answer: "Good evening",
        bad: text.replace(&format!("PORT={}", example.port), "PORT=eighty"),
        complaint: "PORT must be a number from 1 to 65535, not \"eighty\"",
        reloads: ("agent.log", "the service was started"),
    };
    example.follows(&script, &news)
}

#[test]
fn go_reads_its_file_again() -> Tested {
    if !has("go") {
        println!("skipped: there is no go on this machine");
        return Ok(());
    }
    let script = Script {
        name: "go",
        namespace: "greeter",
        key: "settings.json",
        replaced: &[GREETER, ("127.0.0.1:8081", "127.0.0.1:{port}")],
        programs: None,
    };
    let mut example = Example::new(&script)?;
    let mut build = Command::new("go");
    build.args(["build", "-o", "greeter", "."]).current_dir(&example.folder).env("PATH", path());
    // Nothing is fetched, and the standard library is built once.
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go");
    build.env("GOTOOLCHAIN", "local").env("GOPROXY", "off").env("GOCACHE", cache);
    ran(piped(build), "")?.ends_with(0);
    example.puts_files()?;
    let program = example.file("greeter").display().to_string();
    let pid_file = example.file("greeter.pid").display().to_string();
    example.starts(&program, &["-pid-file", &pid_file])?;
    example.answers("Hello from Go, at most 10")?;
    example.starts_agent()?;
    let news = News {
        good: r#"{"greeting": "Good evening", "limit": 20}"#.to_owned(),
        answer: "Good evening, at most 20",
        bad: r#"{"greeting": "Good evening", "limit": 2000}"#.to_owned(),
        complaint: "limit must be a number from 1 to 1000, not 2000",
        reloads: ("service.log", "new settings"),
    };
    example.follows(&script, &news)
}

/// Says the first mistake of Java sources that need libraries which are not there: they are parsed and no more.
const PARSER: &str = r"
import com.sun.source.util.JavacTask;
import java.io.File;
import java.util.Arrays;
import javax.tools.*;

class Parser {
    public static void main(String[] names) throws Exception {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        DiagnosticCollector<JavaFileObject> found = new DiagnosticCollector<>();
        StandardJavaFileManager files = compiler.getStandardFileManager(found, null, null);
        Iterable<? extends JavaFileObject> sources = files.getJavaFileObjects(names);
        ((JavacTask) compiler.getTask(null, files, found, null, null, sources)).parse();
        found.getDiagnostics().forEach(System.err::println);
        System.exit(found.getDiagnostics().isEmpty() ? 0 : 1);
    }
}
";

#[test]
fn the_files_of_the_spring_boot_service_are_well_formed() -> Tested {
    let folder = examples().join("services/spring-boot");
    let resources = folder.join("src/main/resources");
    for (file, format) in [
        (folder.join("pom.xml"), Format::Xml),
        (folder.join("greeter.yaml"), Format::Yaml),
        (resources.join("application.yaml"), Format::Yaml),
    ] {
        formats::check(format, &fs::read(&file)?).map_err(|error| format!("{}: {error:?}", file.display()))?;
    }
    // The file that the agent writes is the one that Spring reads, and the endpoint that it calls is exposed.
    let application = fs::read_to_string(resources.join("application.yaml"))?;
    let settings = settings(&folder.join("agent.yaml"))?;
    let written = &settings.services.first().and_then(|service| service.files.first()).ok_or("no file")?.path;
    assert!(application.contains(&format!("file:{}", written.display())), "{application}");
    assert!(application.contains("[health, refresh]"), "{application}");
    if !has("javac") {
        println!("skipped: there is no JDK on this machine to parse the Java sources");
        return Ok(());
    }
    let parser = tempfile::Builder::new().suffix(".java").tempfile()?;
    fs::write(parser.path(), PARSER)?;
    let sources: Vec<_> = fs::read_dir(folder.join("src/main/java/com/example/greeter"))?.collect::<Result<_, _>>()?;
    assert_eq!(sources.len(), 3);
    let mut parse = Command::new("java");
    parse.arg(parser.path()).args(sources.iter().map(fs::DirEntry::path));
    ran(piped(parse), "")?.ends_with(0);
    Ok(())
}

/// `agent.yaml` of an example. Templates that it expects where they are installed are those beside it.
fn settings(file: &Path) -> Tested<AgentSettings> {
    let folder = file.parent().ok_or("no folder")?;
    let text = fs::read_to_string(file)?.replace("/etc/envoy/routes.json.j2", "routes.json.j2");
    let text = text.replace("/etc/envoy/check.json.j2", "check.json.j2");
    let surroundings = Surroundings { host: "host".to_owned(), server: None };
    Ok(AgentSettings::parse(&text, &folder.join("agent.yaml"), &surroundings)?)
}

/// Every file of this name in a folder.
fn all(folder: &Path, name: &str, found: &mut Vec<PathBuf>) -> Tested {
    for file in fs::read_dir(folder)? {
        let file = file?.path();
        if file.is_dir() {
            all(&file, name, found)?;
        } else if file.file_name().is_some_and(|found| found == name) {
            found.push(file);
        }
    }
    Ok(())
}

#[test]
fn every_agent_of_the_examples_and_of_deploy_is_accepted() -> Tested {
    let mut files = Vec::new();
    all(&examples(), "agent.yaml", &mut files)?;
    all(&examples().with_file_name("deploy"), "agent.yaml", &mut files)?;
    assert!(files.len() >= 7, "{files:?}");
    let home = tempfile::tempdir()?;
    let actor = Actor { home, server: "http://127.0.0.1:1".to_owned() };
    for file in files {
        let settings = settings(&file)?;
        for service in &settings.services {
            // What is checked is the new file: a check that does not name the stage judges the old one.
            let Some(check) = service.check.as_ref().filter(|_| !service.files.is_empty()) else { continue };
            assert!(check.command.to_string().contains("{stage}"), "{}: {}", file.display(), check.command);
        }
        if file.parent().is_some_and(|folder| folder.ends_with("envoy")) {
            continue;
        }
        let file = file.display().to_string();
        actor.run(&["agent", "check", "--settings-only", "-c", &file], "")?.ends_with(0);
    }
    Ok(())
}

/// Catches what a command says.
fn piped(mut command: Command) -> Command {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}
