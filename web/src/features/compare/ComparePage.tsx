// How two environments, or two revisions of one, differ; and what of it to take over.
import { useDiff } from '../../api/diff';
import { Loaded } from '../../app/Loaded';
import { useTexts } from '../../app/search';
import { useTab } from '../../app/session';
import { useShows } from '../../app/shownPlaces';
import { useT } from '../../i18n';
import { Page, Tab, Tabs } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { Differences } from './Differences';
import { EnvironmentSides } from './EnvironmentSides';
import { questionOf } from './question';
import { RevisionSides } from './RevisionSides';

export default function ComparePage() {
  const t = useT();
  const [texts] = useTexts();
  const question = questionOf(texts);
  const query = useDiff(question.ask);
  const revisions = question.kind === 'revisions';
  const { namespace, key, from_env, to_env, env } = texts;
  const [left, right] = revisions ? [env, undefined] : [from_env, to_env];
  useShows([left, right]);
  const [source = ''] = useTab(left ?? '');
  const [target] = useTab(right ?? '');
  const place = [target === undefined || right === undefined ? source : `${source} → ${target}`];
  return (
    <Page
      title={t.compare.title}
      tab={
        question.ask === null
          ? [t.compare.title]
          : [t.compare.title, ...place, ...(namespace ? [namespace] : [])]
      }
      tabs={
        <Tabs label={t.compare.what}>
          <Tab to="/compare" search={revisions ? { from_env: env, namespace, key } : texts}>
            {t.compare.environments}
          </Tab>
          <Tab
            to="/compare"
            search={revisions ? texts : { by: 'revisions', env: to_env ?? from_env, namespace, key }}
          >
            {t.compare.revisions}
          </Tab>
        </Tabs>
      }
    >
      {revisions ? <RevisionSides /> : <EnvironmentSides />}
      {question.ask === null ? (
        <EmptyState title={question.same ? t.compare.sameEnvironment : t.compare.chooseHint} />
      ) : (
        <Loaded query={query}>{(diff) => <Differences question={question} diff={diff} />}</Loaded>
      )}
    </Page>
  );
}
