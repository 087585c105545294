// Programs that print the first value, whole: filled with the address, the names and the token, to be copied and run.

interface Filling {
  /** Of the server, without a slash at its end. */
  address: string;
  env: string;
  ns: string;
  key: string;
  token: string;
}

interface Snippet {
  id: 'curl' | 'agent' | 'python' | 'node' | 'go' | 'java' | 'rust';
  name: string;
  /** The file that it goes into; shells have none. */
  file?: string;
  code: string;
  /** How it is run. */
  run?: string;
}

/** A part of an address: nothing in it ends a quoted text of any of the languages. */
function part(text: string): string {
  return encodeURIComponent(text).replaceAll("'", '%27');
}

export function addressOf({ address, env, ns, key }: Filling): string {
  const path = key.split('/').map(part).join('/');
  return `${address}/api/v1/environments/${part(env)}/namespaces/${part(ns)}/entries/${path}?raw`;
}

export function snippets(filling: Filling): Snippet[] {
  const { address, env, ns, key, token } = filling;
  const url = addressOf(filling);
  const api = `${address}/api/v1`;
  const file = key.split('/').at(-1) ?? key;
  return [
    {
      id: 'curl',
      name: 'curl',
      code: `# print the value
curl -H 'Authorization: Bearer ${token}' '${url}'

# be an instance: stay, and print every change
curl -X PUT -H 'Authorization: Bearer ${token}' -H 'Content-Type: application/json' \\
  -d '{"service": "${ns}", "namespaces": ["${ns}"]}' '${api}/environments/${part(env)}/instances/first-steps'
curl -N -H 'Authorization: Bearer ${token}' \\
  '${api}/watch?env=${part(env)}&namespace=${part(ns)}&instance=first-steps'
`,
    },
    {
      id: 'agent',
      name: 'Agent',
      file: 'agent.yaml',
      code: `server: ${address}
state_dir: /tmp/pintle-first-steps
services:
  - name: first-steps
    environment: ${env}
    namespaces: [${ns}]
    files:
      - {path: ${JSON.stringify(`/tmp/${file}`)}, key: ${JSON.stringify(key)}}
`,
      run: `PINTLE_TOKEN='${token}' pintle agent -c agent.yaml &
sleep 2; cat '/tmp/${file}'`,
    },
    {
      id: 'python',
      name: 'Python',
      file: 'first.py',
      code: `from urllib.request import Request, urlopen

request = Request(
    "${url}",
    headers={"Authorization": "Bearer ${token}"},
)
print(urlopen(request).read().decode())
`,
      run: 'python3 first.py',
    },
    {
      id: 'node',
      name: 'Node.js',
      file: 'first.mjs',
      code: `const answer = await fetch('${url}', {
  headers: { Authorization: 'Bearer ${token}' },
});
if (!answer.ok) throw new Error(await answer.text());
console.log(await answer.text());
`,
      run: 'node first.mjs',
    },
    {
      id: 'go',
      name: 'Go',
      file: 'first.go',
      code: `package main

import (
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	request, err := http.NewRequest("GET", "${url}", nil)
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer ${token}")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		log.Fatal(err)
	}
	defer answer.Body.Close()
	io.Copy(os.Stdout, answer.Body)
}
`,
      run: 'go run first.go',
    },
    {
      id: 'java',
      name: 'Java',
      file: 'First.java',
      code: `import java.net.URI;
import java.net.http.*;

class First {
    public static void main(String[] args) throws Exception {
        var request = HttpRequest.newBuilder(URI.create("${url}"))
            .header("Authorization", "Bearer ${token}")
            .version(HttpClient.Version.HTTP_1_1)
            .build();
        var answer = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
        System.out.println(answer.body());
    }
}
`,
      run: 'java First.java',
    },
    {
      id: 'rust',
      name: 'Rust',
      file: 'src/main.rs',
      code: `fn main() -> Result<(), ureq::Error> {
    let text = ureq::get("${url}")
        .header("Authorization", "Bearer ${token}")
        .call()?
        .body_mut()
        .read_to_string()?;
    println!("{text}");
    Ok(())
}
`,
      run: 'cargo add ureq@3 && cargo run',
    },
  ];
}
