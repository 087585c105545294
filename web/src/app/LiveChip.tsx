// Whether what is shown is fresh.
import { useLanguage, useT } from '../i18n';
import { clock } from '../lib/time';
import { useSaid } from '../ui/Announcer';
import { Badge } from '../ui/Badge';
import { useLive } from './live';

export function LiveChip() {
  const t = useT();
  const { language } = useLanguage();
  const state = useLive();
  // Every page connects anew: only what was lost, and that it is back, is worth a word.
  useSaid(
    state.kind === 'lost'
      ? t.live.lost(clock(state.since, language))
      : state.kind === 'live'
        ? t.live.live
        : null,
  );
  if (state.kind === 'off') return null;
  return (
    <span title={state.kind === 'lost' ? t.live.lostTitle : undefined}>
      {state.kind === 'live' && <Badge tone="good">{t.live.live}</Badge>}
      {state.kind === 'connecting' && <Badge>{t.live.connecting}</Badge>}
      {state.kind === 'lost' && <Badge tone="bad">{t.live.lost(clock(state.since, language))}</Badge>}
    </span>
  );
}
