// Who may do something, each with the grant by which it may.
import { Link } from '@tanstack/react-router';
import { useWhoCan } from '../../api/grants';
import { Loaded } from '../../app/Loaded';
import { useT } from '../../i18n';
import { DataTable } from '../../ui/DataTable';
import { EmptyState } from '../../ui/States';
import { Grant } from './ExplainTab';
import { QuestionForm, useQuestion } from './QuestionForm';
import { TabHead } from './TabHead';

export function WhoTab() {
  const t = useT();
  const question = useQuestion();
  const answer = useWhoCan(question);
  return (
    <>
      <TabHead lead={t.access.explain.whoLead} />
      <QuestionForm tab="who" busy={question !== null && answer.isPending} />
      {question && (
        <Loaded query={answer}>
          {({ users, more }) =>
            users.length === 0 ? (
              <EmptyState title={t.access.explain.nobody} />
            ) : (
              <>
                <p role="status">{t.access.explain.count(users.length)}</p>
                <DataTable
                  label={t.access.tabs.who}
                  rows={users}
                  rowKey={(able) => able.user}
                  columns={[
                    {
                      head: t.access.explain.name,
                      cell: (able) => (
                        <Link to="/access" search={{ tab: 'explain', who: `user:${able.user}`, ...question }}>
                          {able.user}
                        </Link>
                      ),
                    },
                    { head: t.access.users.kind, cell: (able) => t.access.userKinds[able.kind] },
                    {
                      head: t.access.explain.by,
                      cell: (able) => <Grant grant={able.grant} />,
                    },
                  ]}
                />
                {more && <p>{t.access.explain.most}</p>}
              </>
            )
          }
        </Loaded>
      )}
    </>
  );
}
