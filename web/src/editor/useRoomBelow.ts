// Tells a box how much of the page stands above it, so that it can fill the rest of the window.
import { type RefObject, useLayoutEffect, useRef } from 'react';

export function useRoomBelow(enabled: boolean): RefObject<HTMLDivElement | null> {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const element = box.current;
    if (!element || !enabled) return;
    const measure = () => {
      const above = element.getBoundingClientRect().top + window.scrollY;
      element.style.setProperty('--above', `${Math.round(above)}px`);
    };
    measure();
    // What comes and goes above changes the height of what both stand in.
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    if (element.parentElement) observer.observe(element.parentElement);
    return () => observer.disconnect();
  }, [enabled]);
  return box;
}
