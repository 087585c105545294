// The parts of a namespace, and the way between them.
import type { LinkProps } from '@tanstack/react-router';
import type { Scope } from '../api/keys';
import { useT } from '../i18n';
import { Tab, Tabs } from '../ui/Page';

/** Filters in the address make no other tab of it. */
const active: NonNullable<LinkProps['activeOptions']> = { exact: true, includeSearch: false };

export function NamespaceTabs({ env, ns }: Scope) {
  const t = useT();
  const params = { env, ns };
  return (
    <Tabs label={t.entries.tabs.label(ns)}>
      <Tab to="/e/$env/n/$ns" params={params} activeOptions={active}>
        {t.entries.title}
      </Tab>
      <Tab to="/e/$env/n/$ns/history" params={params} activeOptions={active}>
        {t.history.title}
      </Tab>
      <Tab to="/e/$env/instances" params={{ env }} search={{ namespace: ns }}>
        {t.instances.title}
      </Tab>
      <Tab to="/e/$env/n/$ns/settings" params={params} activeOptions={active}>
        {t.entries.tabs.settings}
      </Tab>
    </Tabs>
  );
}
