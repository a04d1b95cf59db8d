import styles from './mark.module.css';

/** The product's sign. */
export function Mark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <rect width="24" height="24" rx="6" className={styles['ground']} />
      <path
        d="M7 6.5v8.75a2.25 2.25 0 0 0 2.25 2.25H13"
        fill="none"
        stroke="#fff"
        strokeWidth="2.4"
        strokeLinecap="round"
      />
      <circle cx="16.4" cy="9" r="2.1" fill="#fff" />
    </svg>
  );
}
