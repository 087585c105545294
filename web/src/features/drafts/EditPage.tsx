// Editing one entry: in my draft, never live.
import { useParams, useSearch } from '@tanstack/react-router';
import { changeOf, useMyDraft } from '../../api/drafts';
import { useEntry } from '../../api/entries';
import type { Scope } from '../../api/keys';
import { Loaded } from '../../app/Loaded';
import { useTab } from '../../app/session';
import { useT } from '../../i18n';
import { ButtonLink } from '../../ui/ButtonLink';
import { Page } from '../../ui/Page';
import { EmptyState } from '../../ui/States';
import { Editing } from './Editing';

export default function EditPage() {
  const { env = '', ns = '', _splat: key = '' } = useParams({ strict: false });
  return <EditOf key={`${env}/${ns}/${key}`} scope={{ env, ns }} name={key} />;
}

function EditOf({ scope, name }: { scope: Scope; name: string }) {
  const t = useT();
  const { new: isNew } = useSearch({ strict: false });
  const entry = useEntry(scope, name);
  const draft = useMyDraft(scope);
  const tab = [t.drafts.edit.title(name), ...useTab(scope.env, scope.ns)];
  return (
    <Loaded query={entry}>
      {(live) => (
        <Loaded query={draft}>
          {(mine) =>
            live || changeOf(mine, scope.ns, name) || isNew !== undefined ? (
              <Editing scope={scope} name={name} live={live} draft={mine} isNew={isNew !== undefined} />
            ) : (
              <Page title={t.drafts.edit.title(name)} tab={tab}>
                <EmptyState
                  title={t.drafts.edit.notThere(name, scope.env)}
                  actions={
                    <ButtonLink
                      kind="primary"
                      to="/e/$env/n/$ns/edit/$"
                      params={{ ...scope, _splat: name }}
                      search={{ new: '1' }}
                    >
                      {t.drafts.edit.create}
                    </ButtonLink>
                  }
                />
              </Page>
            )
          }
        </Loaded>
      )}
    </Loaded>
  );
}
