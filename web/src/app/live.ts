// The tab's one stream.
import { useSyncExternalStore } from 'react';
import { Live, type LiveState } from '../api/live';
import { queries } from './queries';

export const live = new Live(queries);

export function useLive(): LiveState {
  return useSyncExternalStore(live.subscribe, live.state);
}
