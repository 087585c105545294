// What of an entry is secret: nothing, all of it, or some values. Marks can only be added.
import { useId, useState } from 'react';
import type { MarksView } from '../../api/schema';
import { useT } from '../../i18n';
import { TextArea } from '../../ui/Field';
import type { Marks } from './changes';
import styles from './SecretMarks.module.css';

export function SecretMarks({
  marks,
  present,
  onChoose,
}: {
  marks: Marks;
  /** Those that the entry has already. */
  present: MarksView | null | undefined;
  onChoose: (marks: Marks) => void;
}) {
  const t = useT();
  const words = t.drafts.secret;
  const group = useId();
  const [text, setText] = useState(() =>
    (marks.kind === 'paths' ? marks.paths : (present?.secret_paths ?? [])).join('\n'),
  );
  const choices = [
    { kind: 'as-is', label: present ? words.asItWas : words.asIs },
    { kind: 'whole', label: words.whole },
    { kind: 'paths', label: words.paths },
  ] as const;
  const pathsOf = (lines: string) =>
    lines
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  const choose = (kind: Marks['kind']) =>
    onChoose(kind === 'paths' ? { kind, paths: pathsOf(text) } : { kind });
  return (
    <fieldset className={styles.marks}>
      <legend>{words.legend}</legend>
      {choices.map(({ kind, label }) => (
        <label key={kind} className={styles.choice}>
          <input type="radio" name={group} checked={marks.kind === kind} onChange={() => choose(kind)} />
          {label}
        </label>
      ))}
      {marks.kind === 'paths' && (
        <TextArea
          label={words.pathsLabel}
          help={words.pathsHelp}
          value={text}
          spellCheck={false}
          onChange={(event) => {
            setText(event.target.value);
            onChoose({ kind: 'paths', paths: pathsOf(event.target.value) });
          }}
        />
      )}
      <p className={styles.hint}>{words.hint}</p>
    </fieldset>
  );
}
