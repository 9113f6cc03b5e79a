/** Words that go with a number. */

type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** Makes the function that picks the form for a number and puts the number in place of #. */
export function pluralIn(locale: string): (count: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(locale);
  const numbers = new Intl.NumberFormat(locale);
  return (count, forms) =>
    (forms[rules.select(count)] ?? forms.other).replace("#", numbers.format(count));
}
