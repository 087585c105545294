// Who holds something, as the server writes it: `user:NAME`, `group:NAME`, `token:ID`.

type SubjectKind = 'user' | 'group' | 'token';

interface Subject {
  kind: SubjectKind;
  name: string;
}

export function parseSubject(text: string): Subject {
  const [kind, ...name] = text.split(':');
  return { kind: kind === 'group' || kind === 'token' ? kind : 'user', name: name.join(':') };
}
