// Which two revisions of which environment are compared.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { environmentsQuery } from '../../api/environments';
import { useNamespaces } from '../../api/namespaces';
import { useRevisions } from '../../api/revisions';
import { useTexts } from '../../app/search';
import { useT } from '../../i18n';
import { TextField } from '../../ui/Field';
import { EnvironmentSelect } from './EnvironmentSelect';
import { NamespaceSelect } from './NamespaceSelect';
import styles from './Sides.module.css';

export function RevisionSides() {
  const t = useT();
  const [texts, change] = useTexts();
  const { data: environments = [] } = useQuery(environmentsQuery);
  const { env = '', namespace = '', from = '', to = '' } = texts;
  const names = (useNamespaces(env).data?.namespaces ?? []).map((one) => one.name);
  return (
    <div className={styles.sides}>
      <EnvironmentSelect
        label={t.common.environment}
        environments={environments}
        value={env}
        onChange={(name) => change({ by: 'revisions', env: name, from: undefined, to: undefined })}
      />
      <NamespaceSelect
        names={names}
        value={namespace}
        onChange={(name) => change({ namespace: name, key: undefined })}
      />
      <RevisionField label={t.compare.from} value={from} onChange={(value) => change({ from: value })} />
      <RevisionField
        label={t.compare.to}
        help={t.compare.toHelp}
        value={to}
        onChange={(value) => change({ to: value })}
      />
      {env !== '' && <Known env={env} namespace={namespace} />}
    </div>
  );
}

const LIST = 'revisions';

/** A number as one reads it, with or without its `r`; taken over when it is complete. */
function RevisionField({
  label,
  help,
  value,
  onChange,
}: {
  label: string;
  help?: string;
  value: string;
  onChange: (value: string) => void;
}) {
  const [typed, setTyped] = useState(value);
  const [kept, setKept] = useState(value);
  if (kept !== value) {
    setKept(value);
    setTyped(value);
  }
  const take = () => onChange(typed.trim().replace(/^r/i, ''));
  return (
    <div className={styles.number}>
      <TextField
        label={<span className={styles.label}>{label}</span>}
        placeholder={help}
        list={LIST}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === 'Enter' && take()}
        autoComplete="off"
        spellCheck={false}
      />
    </div>
  );
}

/** The last revisions, to choose from. */
function Known({ env, namespace }: { env: string; namespace: string }) {
  const { data = [] } = useRevisions({ env, namespace: namespace === '' ? undefined : namespace });
  return (
    <datalist id={LIST}>
      {data.map((one) => (
        <option key={one.revision} value={String(one.revision)}>
          {`${one.at.slice(0, 16).replace('T', ' ')} ${one.message}`}
        </option>
      ))}
    </datalist>
  );
}
