import { Component, type ReactNode } from 'react';
import { Button } from '../components/button.tsx';
import { EmptyState } from '../components/states.tsx';
import { wordsOf } from '../api/words-of.ts';
import { shell as texts } from '../texts/en/shell.ts';

interface Props {
  /** another place is another chance */
  readonly place: string;
  readonly children: ReactNode;
}
interface State {
  readonly error: unknown;
  readonly place: string;
}

/** A page that fails takes nothing else with it. */
export class ErrorBoundary extends Component<Props, State> {
  override state: State = { error: undefined, place: this.props.place };

  static getDerivedStateFromError(error: unknown): Partial<State> {
    return { error };
  }

  static getDerivedStateFromProps({ place }: Props, state: State): Partial<State> | null {
    return place === state.place ? null : { place, error: undefined };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    const isOld = isMissingFile(error);
    return (
      <EmptyState
        whole
        icon={isOld ? 'refresh' : 'warning'}
        title={isOld ? texts.outdatedTitle : texts.brokenTitle}
        action={
          <Button icon="refresh" look="primary" onClick={() => location.reload()}>
            {texts.reload}
          </Button>
        }
      >
        <p>{isOld ? texts.outdated : texts.broken}</p>
        {!isOld && <code>{wordsOf(error)}</code>}
      </EmptyState>
    );
  }
}

/** The files of a build are gone once another one is served: browsers say so in words of their own. */
const isMissingFile = (error: unknown): boolean =>
  error instanceof Error &&
  /dynamically imported module|importing a module script|preload css/i.test(error.message);
