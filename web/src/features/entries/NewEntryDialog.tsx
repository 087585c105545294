// Asks the key of a new entry; its content is written on the next page.
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useEntryList } from '../../api/entryList';
import type { Scope } from '../../api/keys';
import { useEnvironment } from '../../app/session';
import { type Messages, useT } from '../../i18n';
import { formatOf } from '../../lib/formats';
import { type KeyProblem, keyProblem } from '../../lib/names';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { EnvTag } from '../../ui/EnvTag';
import { TextField } from '../../ui/Field';
import { Form } from '../../ui/Form';

function inWords(problem: KeyProblem | null, t: Messages): string | null {
  if (problem === null) return null;
  const words = t.entries.create.keyBad;
  return problem.rule === 'letter' ? words.letter(problem.letter) : words[problem.rule];
}

export function NewEntryDialog({ scope, onClose }: { scope: Scope; onClose: () => void }) {
  const t = useT();
  const navigate = useNavigate();
  const environment = useEnvironment(scope.env);
  const { data: entries = [] } = useEntryList(scope);
  const [key, setKey] = useState('');
  const [tried, setTried] = useState(false);
  const problem = keyProblem(key);
  const taken = entries.some((one) => one.key === key);
  const format = formatOf(key);

  const submit = () => {
    setTried(true);
    if (problem || taken) return;
    void navigate({
      to: '/e/$env/n/$ns/edit/$',
      params: { ...scope, _splat: key },
      search: { new: '1' },
    });
  };

  return (
    <Dialog title={t.entries.create.title(scope.ns)} grave={environment?.tier === 'prod'} onClose={onClose}>
      <Form
        onSubmit={submit}
        actions={
          <>
            <Button onClick={onClose}>{t.common.cancel}</Button>
            <Button kind="primary" type="submit">
              {t.entries.create.next}
            </Button>
          </>
        }
      >
        <div>
          <EnvTag name={scope.env} tier={environment?.tier} />
        </div>
        <TextField
          label={t.common.key}
          help={
            key === '' || problem
              ? t.entries.create.keyHelp
              : format
                ? t.entries.create.format(format)
                : t.entries.create.noFormat
          }
          value={key}
          onChange={(event) => setKey(event.target.value)}
          // A wrong letter is said at once, an unfinished path only when it is meant.
          problem={tried || problem?.rule === 'letter' ? inWords(problem, t) : null}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          required
        />
        {taken && (
          <p role="alert">
            {t.entries.create.exists}{' '}
            <Link to="/e/$env/n/$ns/k/$" params={{ ...scope, _splat: key }}>
              {key}
            </Link>
          </p>
        )}
      </Form>
    </Dialog>
  );
}
