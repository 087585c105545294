// It is live: who runs it by now, and how to get back.

import { ListTree, RotateCcw, Server } from 'lucide-react';
import { useEffect } from 'react';
import type { Scope } from '../../api/keys';
import { useReceipts } from '../../api/revisions';
import { Loaded } from '../../app/Loaded';
import { useDenied } from '../../app/session';
import { useT } from '../../i18n';
import { useSaid } from '../../ui/Announcer';
import { Banner } from '../../ui/Banner';
import { ButtonLink } from '../../ui/ButtonLink';
import { StackedBar } from '../../ui/StackedBar';
import styles from './Published.module.css';

export function Published({
  scope,
  revision,
  changed,
}: {
  scope: Scope;
  revision: number;
  /** Whether anything was published: everything may have been there already. */
  changed: boolean;
}) {
  const t = useT();
  const words = t.drafts.done;
  const denied = useDenied('rollback', scope);
  const title = changed ? words.title(t.common.revisionNumber(revision)) : words.unchanged;
  useSaid(changed ? t.live.done(t.common.revisionNumber(revision)) : words.unchanged);
  useEffect(() => {
    window.scrollTo({ top: 0 });
  }, []);
  return (
    <>
      <Banner
        tone={changed ? 'good' : 'quiet'}
        said
        title={title}
        actions={
          <>
            <ButtonLink
              icon={<ListTree aria-hidden />}
              to="/r/$revision"
              params={{ revision: String(revision) }}
            >
              {words.revision}
            </ButtonLink>
            <ButtonLink
              icon={<Server aria-hidden />}
              to="/e/$env/instances"
              params={{ env: scope.env }}
              search={{ namespace: scope.ns }}
            >
              {words.seeInstances}
            </ButtonLink>
            {changed && (
              <ButtonLink
                icon={<RotateCcw aria-hidden />}
                to="/e/$env/n/$ns/rollback"
                params={scope}
                search={{ revert: String(revision) }}
                denied={denied}
              >
                {words.undo}
              </ButtonLink>
            )}
            <ButtonLink to="/e/$env/n/$ns" params={scope}>
              {words.back}
            </ButtonLink>
          </>
        }
      />
      {changed && <Running revision={revision} />}
    </>
  );
}

function Running({ revision }: { revision: number }) {
  const t = useT();
  const words = t.drafts.done;
  const receipts = useReceipts(revision);
  const { applied = 0, counted = 0, pending = 0 } = receipts.data ?? {};
  // Not every instance that comes: the sum, when none is on its way any more.
  useSaid(counted > 0 && pending === 0 ? words.count(applied, counted) : null);
  return (
    <section className={styles.running} aria-label={words.instances}>
      <h2>{words.instances}</h2>
      <Loaded query={receipts}>
        {({ applied, counted, pending, rejected }) =>
          counted === 0 ? (
            <p>{words.none}</p>
          ) : (
            <>
              <p>{words.count(applied, counted)}</p>
              <StackedBar
                label={words.instances}
                parts={[
                  { label: words.applied, count: applied, tone: 'good' },
                  { label: words.pending, count: pending, tone: 'warn' },
                  { label: words.rejected, count: rejected, tone: 'bad' },
                ]}
              />
              {rejected > 0 && <p>{words.rejectedHint}</p>}
            </>
          )
        }
      </Loaded>
    </section>
  );
}
