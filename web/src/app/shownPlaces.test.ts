import { renderHook } from '@testing-library/react';
import { expect, test } from 'vitest';
import { useShown, useShows } from './shownPlaces';

test('what a page shows is known as long as it is there', () => {
  const frame = renderHook(useShown);
  const page = renderHook(useShows, {
    initialProps: ['staging', undefined, 'prod', 'prod', ''] as (string | undefined)[],
  });
  frame.rerender();
  expect(frame.result.current).toEqual(['staging', 'prod']);
  page.rerender(['dev']);
  frame.rerender();
  expect(frame.result.current).toEqual(['dev']);
  page.unmount();
  frame.rerender();
  expect(frame.result.current).toEqual([]);
});
