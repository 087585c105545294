import { render } from '@testing-library/react';
import { expect, test, vi } from 'vitest';
import type { LiveState } from '../api/live';
import { LiveChip } from './LiveChip';

const said: string[] = [];
let state: LiveState = { kind: 'connecting' };
vi.mock('./live', () => ({ useLive: () => state }));
vi.mock('../ui/Announcer', () => ({ useSaid: (words: string | null) => words && said.push(words) }));

test('pages that connect say nothing; what was lost and is back is said', () => {
  const { rerender } = render(<LiveChip />);
  const becomes = (next: LiveState) => {
    state = next;
    said.length = 0;
    rerender(<LiveChip />);
    return said.at(-1);
  };
  expect(becomes({ kind: 'live' })).toBeUndefined();
  expect(becomes({ kind: 'connecting' })).toBeUndefined();
  expect(becomes({ kind: 'live' })).toBeUndefined();
  expect(becomes({ kind: 'lost', since: new Date(0) })).toContain('was lost');
  expect(becomes({ kind: 'live' })).toContain('is back');
});
