// Whether somebody may do something, and by which grant; else what is missing, and who could give it.
import { useQuery } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { roleActions, roleNames, useExplain } from '../../api/grants';
import { meQuery } from '../../api/me';
import type { ExplainView, HeldGrantView, Role } from '../../api/schema';
import { Loaded } from '../../app/Loaded';
import { PlaceWords } from '../../app/PlaceWords';
import { useT } from '../../i18n';
import { Badge } from '../../ui/Badge';
import { CopyButton } from '../../ui/CopyButton';
import { Facts } from '../../ui/Facts';
import { QuestionForm, useQuestion } from './QuestionForm';
import { SubjectWords } from './SubjectWords';
import { parseSubject } from './subjects';
import styles from './Tab.module.css';
import { TabHead } from './TabHead';

export function ExplainTab() {
  const t = useT();
  const { who } = useSearch({ strict: false });
  const asked = useQuestion();
  const question = asked && { ...asked, ...(who && { subject: who }) };
  const answer = useExplain(question);
  return (
    <>
      <TabHead lead={t.access.explain.lead} />
      <QuestionForm tab="explain" who busy={question !== null && answer.isPending} />
      {question && <Loaded query={answer}>{(found) => <Answer found={found} />}</Loaded>}
    </>
  );
}

function Answer({ found }: { found: ExplainView }) {
  const t = useT();
  const { data: me } = useQuery(meQuery);
  const { name } = parseSubject(found.subject);
  const mine = found.subject === `user:${me?.user}`;
  const target = found.target === 'the store' ? t.access.explain.store : found.target;
  const say = found.allowed ? t.access.explain.may : t.access.explain.mayNot;
  const roles = roleNames.filter((role) => roleActions[role].includes(found.action));
  const [environment, namespace] = found.target === 'the store' ? [] : found.target.split('/');
  return (
    <div className={styles.answer} role="status">
      <p className={styles.verdict}>
        <Badge tone={found.allowed ? 'good' : 'bad'}>
          {found.allowed ? t.access.explain.yes : t.access.explain.no}
        </Badge>
        <strong>{say(mine ? t.access.explain.you : name, t.actions[found.action], target)}</strong>
      </p>
      <div className={styles.line}>
        {t.access.explain.reasons[found.reason]}
        {found.grant && <Grant grant={found.grant} />}
      </div>
      {found.partly && (
        <div className={styles.line}>
          {t.access.explain.partly} <Grant grant={found.partly} />
        </div>
      )}
      {found.reason === 'no_grant' && (
        <>
          <Facts
            facts={[
              [
                t.access.explain.missing,
                t.access.explain.missingRole(roles.map((role) => t.roles[role]).join(' · ')),
              ],
              [t.access.explain.whoCanGrant, found.who_can_grant?.join(', ') || t.denied.nobody],
            ]}
          />
          <div className={styles.line}>
            <CopyButton
              text={t.denied.request(name, t.actions[found.action], target, window.location.href)}
              label={t.denied.copy}
            />
            <Link to="/access" search={{ tab: 'who', action: found.action, environment, namespace }}>
              {t.access.tabs.who}
            </Link>
          </div>
        </>
      )}
    </div>
  );
}

/** A grant in one line, with the way to it. */
export function Grant({ grant }: { grant: HeldGrantView }) {
  const t = useT();
  return (
    <span className={styles.line}>
      <Link to="/access" search={{ tab: 'grants', subject: grant.subject }}>
        <SubjectWords subject={grant.subject} />
      </Link>
      <Badge>{t.roles[grant.role as Role] ?? grant.role}</Badge>
      <PlaceWords {...grant} />
    </span>
  );
}
