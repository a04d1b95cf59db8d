/** What people call the browser and system that a User-Agent names; the order matters, as most name several. */
const BROWSERS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\bEdg(?:A|iOS)?\/(\d+)/, 'Edge'],
  [/\bOPR\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:Chrome|CriOS)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [sign: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
];

/** `Chrome 130, Linux`; of a program that is no browser its own first word. */
export function deviceName(agent: string): string {
  const browser = BROWSERS.find(([sign]) => sign.test(agent));
  if (!browser) return agent.split(/[\s(]/, 1)[0] ?? agent;
  const version = browser[0].exec(agent)?.[1] ?? '';
  const system = SYSTEMS.find(([sign]) => sign.test(agent))?.[1];
  return [`${browser[1]} ${version}`.trim(), system].filter((one) => one !== undefined).join(', ');
}
