// Says goodbye for an instance that stopped without doing so; only whoever owns its id can.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useGoodbye } from '../../api/instances';
import { meQuery } from '../../api/me';
import type { InstanceView } from '../../api/schema';
import { ErrorView } from '../../app/ErrorView';
import { useEnvironment } from '../../app/session';
import { useT } from '../../i18n';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { tell } from '../../ui/Toast';

export function ForgetButton({ instance }: { instance: InstanceView }) {
  const words = useT();
  const t = words.instances;
  const { data: me } = useQuery(meQuery);
  const tier = useEnvironment(instance.environment)?.tier;
  const goodbye = useGoodbye(instance.environment);
  const [asking, setAsking] = useState(false);
  const denied = me && me.user !== instance.owner ? t.onlyOwner(instance.owner) : null;
  const forget = () =>
    goodbye.mutate(instance.id, {
      onSuccess: () => {
        setAsking(false);
        tell(t.forgot(instance.id));
      },
    });
  return (
    <>
      <Button denied={instance.presence === 'live' ? t.stillLive : denied} onClick={() => setAsking(true)}>
        {t.forget}
      </Button>
      {asking && (
        <Dialog title={t.forgetTitle(instance.id)} grave={tier === 'prod'} onClose={() => setAsking(false)}>
          <p>{t.forgetHint}</p>
          {goodbye.error && <ErrorView error={goodbye.error} />}
          <div>
            <Button kind="danger" busy={goodbye.isPending} onClick={forget}>
              {t.forgetDo}
            </Button>
          </div>
        </Dialog>
      )}
    </>
  );
}
