import { useLayoutEffect, useState, type ComponentType, type ReactNode } from 'react';

type Load<Props> = () => Promise<{ readonly default: ComponentType<Props> }>;

export interface Loaded<Props> extends React.FunctionComponent<Props> {
  /** Asks for the code before anybody shows it. A failure is told by whoever shows it. */
  readonly load: () => Promise<void>;
}

/**
 * A component whose code is loaded when it is first shown, or asked for. React keeps back for 300 ms what a Suspense has
 * stood in for; this is there as soon as its code is. What cannot be loaded is thrown, for the next error boundary.
 */
export function loaded<Props extends object>(ask: Load<Props>, meanwhile: ReactNode = null): Loaded<Props> {
  let Code: ComponentType<Props> | undefined;
  const loading = async () => {
    Code ??= (await ask()).default;
  };
  function Shown(props: Props) {
    const [state, setState] = useState<{ readonly error?: unknown }>();
    useLayoutEffect(() => {
      if (!Code)
        loading().then(
          () => setState({}),
          (error: unknown) => setState({ error }),
        );
    }, []);
    if (state && 'error' in state) throw state.error;
    return Code ? <Code {...props} /> : meanwhile;
  }
  return Object.assign(Shown, { load: () => loading().catch(() => {}) });
}
