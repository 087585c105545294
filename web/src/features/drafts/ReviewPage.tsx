// The draft of a namespace as differences from what is live, what speaks against it, and the only button that makes it live.
import { useParams, useSearch } from '@tanstack/react-router';
import { useMyDraft } from '../../api/drafts';
import { Loaded } from '../../app/Loaded';
import { useEnvironment, useTab } from '../../app/session';
import { useT } from '../../i18n';
import { ButtonLink } from '../../ui/ButtonLink';
import { EnvTag } from '../../ui/EnvTag';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { Published } from './Published';
import { Review } from './Review';

export default function ReviewPage() {
  const { env = '', ns = '' } = useParams({ strict: false });
  const { done, changed } = useSearch({ strict: false });
  const t = useT();
  const words = t.drafts.review;
  const scope = { env, ns };
  const draft = useMyDraft(scope);
  const tier = useEnvironment(env)?.tier;
  const count = draft.data?.changes.length ?? 0;
  const revision = done !== undefined && /^\d+$/.test(done) ? Number(done) : null;
  return (
    <Page
      title={words.title}
      tab={[words.tab, ...useTab(env, ns)]}
      lead={
        <>
          <EnvTag name={env} tier={tier} large />
          <strong>{ns}</strong>
          {revision === null && count > 0 && <span>{words.count(count)}</span>}
        </>
      }
    >
      {revision !== null ? (
        <Published scope={scope} revision={revision} changed={changed !== '0'} />
      ) : (
        <Loaded query={draft}>
          {(mine) =>
            mine && (mine.changes.length > 0 || (mine.withheld ?? 0) > 0) ? (
              <Review key={`${env}/${ns}`} scope={scope} draft={mine} />
            ) : (
              <EmptyState
                title={words.empty}
                actions={
                  <ButtonLink to="/e/$env/n/$ns" params={scope}>
                    {words.entries}
                  </ButtonLink>
                }
              >
                {words.emptyHint}
              </EmptyState>
            )
          }
        </Loaded>
      )}
    </Page>
  );
}
