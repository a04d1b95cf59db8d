/** uPlot. Only what is loaded when somebody wants a chart may import this. */
import { useEffect, useRef, type RefObject } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { colourOf } from '../design/colours.ts';
import { useTheme } from '../design/theme.ts';

export interface Drawing {
  readonly options: Omit<uPlot.Options, 'width' | 'height'>;
  readonly data: uPlot.AlignedData;
  /** height in px of what uPlot puts below the drawing */
  readonly below?: number;
}

/**
 * A chart as large as its place, drawn anew in other colours.
 * @param draw what to draw, with the colours of its place by the names of their properties; the same function: the same drawing
 * @returns for the element that it fills
 */
export function useChart(
  draw: (colour: (name: string) => string) => Drawing,
): RefObject<HTMLDivElement | null> {
  const host = useRef<HTMLDivElement>(null);
  const theme = useTheme();
  useEffect(() => {
    const element = host.current;
    if (!element) return undefined;
    const { options, data, below = 0 } = draw((name) => colourOf(element, name));
    const size = () => ({ width: element.clientWidth, height: element.clientHeight - below });
    const chart = new uPlot({ ...options, ...size() }, data, element);
    const observer = new ResizeObserver(() => chart.setSize(size()));
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
    };
  }, [draw, theme]);
  return host;
}
