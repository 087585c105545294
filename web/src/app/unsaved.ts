// What the page in the frame has to save before somebody logs out: afterwards it could not be saved any more.
import { useEffect } from 'react';

let save: (() => Promise<boolean>) | null = null;

/** Saves what is unsaved. False when that failed. */
export const saveUnsaved = async () => (await save?.()) ?? true;

/** Says how this page saves what is unsaved, as long as it is there. */
export function useSaves(how: () => Promise<boolean>) {
  useEffect(() => {
    save = how;
    return () => {
      save = null;
    };
  });
}
