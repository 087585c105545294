// Goes back: what is there now becomes a new revision with the content of an older one, or without the changes of one.
import { useParams } from '@tanstack/react-router';
import { useTexts } from '../../app/search';
import { useTab } from '../../app/session';
import { useT } from '../../i18n';
import { Page } from '../../ui/Page';
import { ChooseTarget } from './ChooseTarget';
import { type Plan, planOf } from './plan';
import { RollbackDone } from './RollbackDone';
import { RollbackForm } from './RollbackForm';

export default function RollbackPage() {
  const t = useT();
  const scope = useParams({ from: '/shell/e/$env/n/$ns/rollback' });
  const [texts, change] = useTexts();
  const plan = planOf(texts);
  const done = Number(texts.done);
  const words = t.history.rollback;
  const title =
    plan?.kind === 'revert' ? words.titleRevert(t.common.revisionNumber(plan.revert)) : words.title;
  return (
    <Page title={title} tab={[title, ...useTab(scope.env, scope.ns)]}>
      {done > 0 ? (
        <RollbackDone scope={scope} revision={done} />
      ) : plan === null ? (
        <ChooseTarget scope={scope} entry={texts.key || undefined} />
      ) : (
        <RollbackForm
          key={nameOf(plan)}
          scope={scope}
          plan={plan}
          onDone={(revision) => change({ done: String(revision) })}
        />
      )}
    </Page>
  );
}

const nameOf = (plan: Plan) =>
  plan.kind === 'revert' ? `revert ${plan.revert}` : `to ${plan.to} ${plan.key ?? ''}`;
