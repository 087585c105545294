// What is typed of a namespace's attributes, while somebody else may change them. Nothing that was typed is overwritten unasked.
import { useState } from 'react';
import { sameAttributes } from '../../api/namespaces';
import type { NamespaceView } from '../../api/schema';

const asLines = (patterns: string[] | undefined) => (patterns ?? []).join('\n');
const asPatterns = (text: string) => [
  ...new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean),
  ),
];

export function useAttributes(namespace: NamespaceView) {
  /** What is being changed. */
  const [seen, setSeen] = useState(namespace);
  const [description, setDescription] = useState(namespace.description ?? '');
  const [patterns, setPatterns] = useState(asLines(namespace.secret_keys));
  const adopt = () => {
    setSeen(namespace);
    setDescription(namespace.description ?? '');
    setPatterns(asLines(namespace.secret_keys));
  };
  const typed = { description, secret_keys: asPatterns(patterns) };
  const changed = !sameAttributes(typed, seen);
  const moved = !sameAttributes(namespace, seen);
  const agreed = !changed || sameAttributes(typed, namespace);
  if (moved && agreed) adopt();
  return {
    seen,
    description,
    patterns,
    typed,
    changed,
    /** Somebody else changed them, and something else is typed here. */
    moved: moved && !agreed,
    setDescription,
    setPatterns,
    /** Goes on with what is there now. */
    adopt,
    /** Goes on with what is typed, in the place of what is there now. */
    keep: () => setSeen(namespace),
  };
}
