/** Significant digits that a double always keeps. */
const KEPT_DIGITS = 15;

/** Whether a double that was read from a text in JSON's number syntax stands for the same number as the text. */
export function keepsDigits(text: string, value: number): boolean {
  if (text.length <= KEPT_DIGITS) return true;
  if (!Number.isFinite(value)) return false;
  return normalForm(text) === normalForm(String(value));
}

/** Digits without zeros around them, and the power of ten: equal for equal numbers. */
function normalForm(text: string): string {
  const [mantissa = '', exponent = '0'] = text.toLowerCase().split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const [whole = '', fraction = ''] = mantissa.replace(/^[-+]/, '').split('.');
  const digits = (whole + fraction).replace(/^0+/, '');
  const kept = digits.replace(/0+$/, '');
  if (kept === '') return '0';
  return `${sign}${kept}e${Number(exponent) - fraction.length + (digits.length - kept.length)}`;
}
