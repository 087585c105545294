// Revisions under each other with their filters; two of them can be compared.
import { useRevisions } from '../../api/revisions';
import { Loaded } from '../../app/Loaded';
import { useTexts } from '../../app/search';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { MoreButton } from '../../ui/MoreButton';
import { EmptyState } from '../../ui/States';
import { CompareBar } from './CompareBar';
import { clearedFilters, filterOf, hasFilters, readChosen, toggled, writeChosen } from './filters';
import { HistoryFilters } from './HistoryFilters';
import { RevisionRow } from './RevisionRow';
import styles from './Timeline.module.css';

export function Timeline({ env, namespace }: { env: string; namespace?: string }) {
  const t = useT();
  const [texts, change] = useTexts();
  const filter = filterOf(env, namespace, texts);
  const query = useRevisions(filter);
  const chosen = readChosen(texts.pick);
  const narrowed = hasFilters({ ...texts, key: undefined });
  const clear = () => change(clearedFilters);
  return (
    <>
      <HistoryFilters namespace={namespace} texts={texts} onChange={change} />
      <Loaded query={query}>
        {(revisions) =>
          revisions.length === 0 ? (
            <EmptyState
              title={hasFilters(texts) ? t.history.noMatch : t.history.empty}
              actions={hasFilters(texts) && <Button onClick={clear}>{t.history.clear}</Button>}
            />
          ) : (
            <>
              <CompareBar
                env={env}
                namespace={namespace}
                entry={filter.key}
                chosen={chosen}
                onClear={() => change({ pick: undefined })}
              />
              <ol className={styles.list}>
                {revisions.map((revision, nth) => (
                  <RevisionRow
                    key={revision.revision}
                    revision={revision}
                    env={env}
                    namespace={namespace}
                    entry={filter.key}
                    current={nth === 0 && namespace !== undefined && !narrowed}
                    chosen={chosen.includes(revision.revision)}
                    onChoose={() => change({ pick: writeChosen(toggled(chosen, revision.revision)) })}
                  />
                ))}
              </ol>
              <MoreButton query={query} />
            </>
          )
        }
      </Loaded>
    </>
  );
}
