// What differs, entry by entry.
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useDraftKeys } from '../../api/drafts';
import type { DiffEntryView, DiffView } from '../../api/schema';
import { EntryDiff } from '../../app/EntryDiff';
import { useTexts } from '../../app/search';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { EmptyState } from '../../ui/States';
import styles from './Differences.module.css';
import { Pick, PromoteBar } from './Promote';
import { type Question, readPicked } from './question';

const STEP = 20;

export function Differences({ question, diff }: { question: Question; diff: DiffView }) {
  const t = useT();
  const [texts, change] = useTexts();
  const shown = Math.max(STEP, Number(texts.shown) || 0);
  const { entries, from, to } = diff;
  const environments = question.kind === 'environments';
  const drafted = useDraftKeys({ env: from.env, ns: texts.namespace ?? '' });
  const promotable = environments && Boolean(texts.namespace);
  const picked = promotable ? readPicked(texts.pick, entries) : [];
  if (entries.length === 0) return <EmptyState title={t.compare.same}>{t.compare.sameHint}</EmptyState>;
  const name = (side: DiffView['from']) =>
    environments ? side.env : `${side.env} ${t.common.revisionNumber(side.revision)}`;
  const toggle = (key: string) => {
    const next = picked.includes(key) ? picked.filter((one) => one !== key) : [...picked, key];
    change({ pick: next.join(',') });
  };
  return (
    <>
      <div className={styles.head}>
        <h2>{t.compare.count(entries.length)}</h2>
        <p className={styles.legend}>{t.compare.legend(name(from), name(to))}</p>
      </div>
      {environments && (
        <PromoteBar
          entries={entries}
          picked={picked}
          namespace={texts.namespace}
          source={to.env}
          target={from.env}
          onPick={(keys) => change({ pick: keys.join(',') })}
        />
      )}
      {entries.slice(0, shown).map((entry) => (
        <Entry
          key={`${entry.namespace}/${entry.key}`}
          entry={entry}
          env={entry.difference === 'removed' ? from.env : to.env}
          actions={
            promotable && (
              <Pick
                entry={entry}
                target={from.env}
                picked={picked.includes(entry.key)}
                drafted={drafted.has(entry.key)}
                onToggle={() => toggle(entry.key)}
              />
            )
          }
        />
      ))}
      {entries.length > shown && (
        <div className={styles.more}>
          <Button onClick={() => change({ shown: String(shown + 5 * STEP) })}>{t.common.more}</Button>
          <span className={styles.legend}>{t.compare.shown(shown, entries.length)}</span>
        </div>
      )}
    </>
  );
}

function Entry({ entry, env, actions }: { entry: DiffEntryView; env: string; actions: ReactNode }) {
  const [texts] = useTexts();
  const { namespace: ns, key } = entry;
  return (
    <EntryDiff
      name={`${ns}/${key}`}
      title={
        <>
          {texts.namespace !== ns && (
            <>
              <Link to="." search={{ ...texts, namespace: ns, pick: undefined, shown: undefined }}>
                {ns}
              </Link>
              {' / '}
            </>
          )}
          <Link to="/e/$env/n/$ns/k/$" params={{ env, ns, _splat: key }} className={styles.key}>
            {key}
          </Link>
        </>
      }
      kind={entry.difference}
      sealed={entry.sealed}
      diff={entry.diff}
      actions={actions}
    />
  );
}
