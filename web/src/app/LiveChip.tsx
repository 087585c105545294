// Whether what is shown is fresh.
import { useState } from 'react';
import { useLanguage, useT } from '../i18n';
import { clock } from '../lib/time';
import { useSaid } from '../ui/Announcer';
import { Badge } from '../ui/Badge';
import { useLive } from './live';

export function LiveChip() {
  const t = useT();
  const { language } = useLanguage();
  const state = useLive();
  const lost = state.kind === 'lost';
  const [wasLost, setWasLost] = useState(false);
  if (lost && !wasLost) setWasLost(true);
  // Every page connects anew: only what was lost, and that it is back, is worth a word.
  useSaid(lost ? t.live.lostTitle : state.kind === 'live' && wasLost ? t.live.back : null);
  if (state.kind === 'off') return null;
  return (
    <span role="status" aria-live="off" title={lost ? t.live.lostTitle : undefined}>
      {state.kind === 'live' && <Badge tone="good">{t.live.live}</Badge>}
      {state.kind === 'connecting' && <Badge>{t.live.connecting}</Badge>}
      {state.kind === 'lost' && <Badge tone="bad">{t.live.lost(clock(state.since, language))}</Badge>}
    </span>
  );
}
