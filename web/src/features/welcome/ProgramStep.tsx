// The first program, in the language that one has at hand, and whether it has come by.
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { base } from '../../api/client';
import { instancesQuery } from '../../api/instances';
import { usedQuery } from '../../api/tokens';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { CopyButton } from '../../ui/CopyButton';
import { Tab, Tabs } from '../../ui/Page';
import styles from './ProgramStep.module.css';
import { Step } from './Step';
import { snippets } from './snippets';
import type { Token } from './TokenStep';
import type { First } from './useFirst';

/** What stands for a token that was not made here. */
const NO_TOKEN = 'YOUR_TOKEN';

export function ProgramStep({ first, token }: { first: First; token: Token | null }) {
  const t = useT().welcome;
  const search = useSearch({ strict: false });
  const { env = '', ns = '', key = '' } = first;
  const all = snippets({
    address: `${window.location.origin}${base}`,
    env,
    ns,
    key,
    token: token?.token ?? NO_TOKEN,
  });
  const chosen = all.find((one) => one.id === search.snippet) ?? all[0];
  const live = useQuery(instancesQuery(env, { namespace: ns, state: 'live' }, 3));
  const used = useQuery({ ...usedQuery(token?.id ?? ''), enabled: token !== null });
  const connected = live.data?.summary?.total ?? live.data?.instances.length ?? 0;
  return (
    <Step title={t.program} hint={t.programHint} isDone={connected > 0 || Boolean(used.data)}>
      <Tabs label={t.language}>
        {all.map(({ id, name }, nth) => (
          <Tab
            key={id}
            to="/welcome"
            search={{ env, namespace: ns, key, ...(nth > 0 && { snippet: id }) }}
            resetScroll={false}
            replace
          >
            {name}
          </Tab>
        ))}
      </Tabs>
      {token === null && (
        <p className={styles.quiet}>
          {t.without} <code>{NO_TOKEN}</code>
        </p>
      )}
      {chosen && (
        <>
          <Code title={chosen.file ?? t.run} label={t.copyCode} text={chosen.code} />
          {chosen.run && <Code title={t.run} label={t.copyRun} text={chosen.run} />}
        </>
      )}
      <div role="status" className={styles.status}>
        {connected > 0 ? (
          <>
            <Badge tone="good">{t.connected(connected)}</Badge>
            {live.data?.instances.map(({ id }) => (
              <Link key={id} to="/e/$env/instances/$instance" params={{ env, instance: id }}>
                {id}
              </Link>
            ))}
            <Link to="/e/$env/instances" params={{ env }} search={{ namespace: ns }}>
              {t.all}
            </Link>
            <Link to="/e/$env/n/$ns/edit/$" params={{ env, ns, _splat: key }}>
              {t.change}
            </Link>
          </>
        ) : used.data ? (
          <>
            <Badge tone="good">{t.used}</Badge>
            <span className={styles.quiet}>{t.usedHint}</span>
          </>
        ) : (
          <span className={styles.waiting}>{t.waiting}</span>
        )}
      </div>
    </Step>
  );
}

function Code({ title, label, text }: { title: string; label: string; text: string }) {
  return (
    <figure className={styles.code}>
      <figcaption>
        <span>{title}</span>
        <CopyButton text={text} label={label} />
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard */}
      <pre tabIndex={0}>{text}</pre>
    </figure>
  );
}
