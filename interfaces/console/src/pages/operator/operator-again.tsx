import { useState } from 'react';
import { forgetOperator, lookForOperator, signInOperator, type OperatorSession } from '../../api/operator.ts';
import { operator as texts } from '../../texts/en/operator.ts';
import { Again } from '../session/again.tsx';
import { TokenField, TokenRefused } from './token-field.tsx';

/** With the same token the page goes on as it was; with another one it begins anew. */
export default function OperatorAgain({ session: { name } }: { readonly session: OperatorSession }) {
  const [token, setToken] = useState('');
  return (
    <Again
      hint={texts.endedWith(name)}
      field={<TokenField value={token} onValueChange={setToken} />}
      signIn={() => signInOperator(token.trim())}
      failed={(error) => <TokenRefused error={error} />}
      look={lookForOperator}
      other={{ label: texts.leave, act: forgetOperator }}
    />
  );
}
