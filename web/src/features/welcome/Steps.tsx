// The three things that are made first. What is there already counts as done, and another one can be chosen.
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { useMakeEntry } from '../../api/entries';
import { usePutEnvironment } from '../../api/environments';
import { usePutNamespace } from '../../api/namespaces';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { Select, TextArea } from '../../ui/Field';
import { MakeForm } from './MakeForm';
import { Step } from './Step';
import styles from './Steps.module.css';
import { type First, MESSAGE, PROPOSED } from './useFirst';

export function EnvironmentStep({ first }: { first: First }) {
  const t = useT();
  const make = usePutEnvironment();
  const { env, environments, choose } = first;
  const denied = useDenied('manage');
  return (
    <Step title={t.welcome.environment} hint={t.welcome.environmentHint} isDone={env !== undefined}>
      {env === undefined ? (
        <MakeForm
          label={t.common.name}
          proposed={PROPOSED.env}
          submit={t.welcome.makeEnvironment}
          denied={denied}
          error={make.error}
          busy={make.isPending}
          fields={['env', 'environment', 'name']}
          onMake={(name) =>
            make.mutate(
              { name, revision: null, body: { tier: 'dev', message: MESSAGE } },
              { onSuccess: () => choose({ env: name }) },
            )
          }
        />
      ) : (
        <Chosen
          label={t.common.environment}
          value={env}
          all={environments}
          onChoose={(name) => choose({ env: name })}
        />
      )}
    </Step>
  );
}

export function NamespaceStep({ first }: { first: First }) {
  const t = useT();
  const { env, ns, namespaces, choose } = first;
  const make = usePutNamespace(env ?? '');
  const denied = useDenied('manage', env === undefined ? {} : { env });
  return (
    <Step title={t.welcome.namespace} hint={t.welcome.namespaceHint} isDone={ns !== undefined}>
      {env !== undefined && ns === undefined && (
        <MakeForm
          label={t.common.name}
          proposed={PROPOSED.ns}
          submit={t.welcome.makeNamespace}
          denied={denied}
          error={make.error}
          busy={make.isPending}
          fields={['ns', 'namespace', 'name']}
          onMake={(name) =>
            make.mutate(
              { name, message: MESSAGE, isNew: true },
              { onSuccess: () => choose({ namespace: name }) },
            )
          }
        />
      )}
      {ns !== undefined && (
        <Chosen
          label={t.common.namespace}
          value={ns}
          all={namespaces}
          onChoose={(name) => choose({ namespace: name })}
        />
      )}
    </Step>
  );
}

export function EntryStep({ first }: { first: First }) {
  const t = useT();
  const { env = '', ns, key, keys, choose } = first;
  const [content, setContent] = useState(PROPOSED.content);
  const make = useMakeEntry({ env, ns: ns ?? '' });
  const denied = useDenied('publish', ns === undefined ? {} : { env, ns });
  return (
    <Step title={t.welcome.entry} hint={t.welcome.entryHint} isDone={key !== undefined}>
      {ns !== undefined && key === undefined && (
        <MakeForm
          label={t.common.key}
          proposed={PROPOSED.key}
          submit={t.welcome.makeEntry}
          denied={denied}
          error={make.error}
          busy={make.isPending}
          fields={['key', 'name']}
          onMake={(name) =>
            make.mutate({ key: name, content, message: MESSAGE }, { onSuccess: () => choose({ key: name }) })
          }
        >
          <TextArea
            label={t.welcome.content}
            className={styles.content}
            value={content}
            spellCheck={false}
            onChange={(event) => setContent(event.target.value)}
          />
        </MakeForm>
      )}
      {ns !== undefined && key !== undefined && (
        <div className={styles.row}>
          <Chosen label={t.common.key} value={key} all={keys} onChoose={(name) => choose({ key: name })} />
          <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: key }}>
            {t.welcome.see}
          </Link>
        </div>
      )}
    </Step>
  );
}

function Chosen({
  label,
  value,
  all,
  onChoose,
}: {
  label: string;
  value: string;
  all: string[];
  onChoose: (value: string) => void;
}) {
  if (all.length === 1) return <strong className={styles.only}>{value}</strong>;
  return (
    <div className={styles.chosen}>
      <Select bare label={label} value={value} onChange={(event) => onChoose(event.target.value)}>
        {all.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
    </div>
  );
}
