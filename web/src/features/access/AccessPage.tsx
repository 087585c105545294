// Who may do what, and why; and who can log in at all.
import { useSearch } from '@tanstack/react-router';
import { useT } from '../../i18n';
import { Page, Tab, Tabs } from '../../ui/Page';
import { ExplainTab } from './ExplainTab';
import { GrantsTab } from './GrantsTab';
import { GroupsTab } from './GroupsTab';
import { IssuersTab } from './IssuersTab';
import { ProvidersTab } from './ProvidersTab';
import { UsersTab } from './UsersTab';
import { WhoTab } from './WhoTab';

const tabs = {
  grants: GrantsTab,
  groups: GroupsTab,
  users: UsersTab,
  explain: ExplainTab,
  who: WhoTab,
  providers: ProvidersTab,
  issuers: IssuersTab,
};

export default function AccessPage() {
  const t = useT();
  const { tab = 'grants' } = useSearch({ strict: false });
  const names = Object.keys(tabs) as (keyof typeof tabs)[];
  const current = names.find((name) => name === tab) ?? 'grants';
  const Part = tabs[current];
  return (
    <Page
      title={t.access.title}
      tab={[t.access.tabs[current], t.access.title]}
      tabs={
        <Tabs label={t.access.title}>
          {names.map((name) => (
            <Tab key={name} to="/access" search={{ tab: name }} current={name === current}>
              {t.access.tabs[name]}
            </Tab>
          ))}
        </Tabs>
      }
    >
      <Part />
    </Page>
  );
}
