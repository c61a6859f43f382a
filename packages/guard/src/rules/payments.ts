import { prefixRule, type TokenRule } from './rule.ts';

/** Payments, banking and commerce. */
export const PAYMENTS: readonly TokenRule[] = [
  prefixRule(
    'stripe-key',
    'Stripe key',
    ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_', 'sk_prod_', 'rk_prod_'],
    /[rs]k_(?:live|test|prod)_[A-Za-z0-9]{10,250}(?![A-Za-z0-9])/,
  ),
  prefixRule('stripe-webhook-secret', 'Stripe webhook secret', 'whsec_', /whsec_[A-Za-z0-9+/]{24,64}={0,2}/),
  prefixRule(
    'square-token',
    'Square token',
    ['sq0atp-', 'sq0csp-', 'sq0idp-', 'EAAA'],
    /sq0(?:atp-[\w-]{22}|csp-[\w-]{43}|idp-[\w-]{22})(?![\w-])|EAAA[\w-]{60,61}(?![\w-])/,
  ),
  prefixRule(
    'braintree-token',
    'Braintree production token',
    'access_token$production$',
    /access_token\$production\$[0-9a-z]{16}\$[0-9a-f]{32}/,
  ),
  prefixRule(
    'plaid-token',
    'Plaid access token',
    'access-',
    /access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/i,
  ),
  prefixRule('gocardless-token', 'GoCardless token', ['live_'], /live_[\w=-]{36,50}(?![\w=-])/, { distinct: 12 }),
  prefixRule(
    'flutterwave-key',
    'Flutterwave key',
    ['FLWPUBK', 'FLWSECK'],
    /FLW(?:PUB|SEC)K(?:_TEST)?-?[0-9a-h]{12,32}(?:-X)?(?![0-9a-z])/i,
  ),
  prefixRule('shippo-token', 'Shippo token', ['shippo_live_', 'shippo_test_'], /shippo_(?:live|test)_[0-9a-f]{40}/),
  prefixRule(
    'shopify-token',
    'Shopify token',
    ['shpat_', 'shpca_', 'shppa_', 'shpss_'],
    /shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}(?![0-9a-zA-Z])/,
  ),
  prefixRule('easypost-key', 'EasyPost key', ['EZAK', 'EZTK'], /EZ[AT]K[A-Za-z0-9]{54}(?![A-Za-z0-9])/, {
    distinct: 12,
  }),
  prefixRule('duffel-token', 'Duffel token', ['duffel_test_', 'duffel_live_'], /duffel_(?:test|live)_[\w=-]{43}/),
  prefixRule('lob-key', 'Lob key', ['live_pub_', 'test_pub_'], /(?:live|test)_pub_[0-9a-f]{31}/),
  prefixRule('paypal-braintree', 'PayPal or Braintree token', 'production$', /production\$[0-9a-z]{16}\$[0-9a-f]{32}/, {
    inside: true,
  }),
  prefixRule('pagarme-key', 'Pagar.me key', ['ak_live_', 'ak_test_'], /ak_(?:live|test)_[A-Za-z0-9]{30}/),
  prefixRule(
    'settlemint-token',
    'SettleMint token',
    ['sm_pat_', 'sm_sat_', 'sm_aat_'],
    /sm_[psa]at_[A-Za-z0-9]{16}(?![A-Za-z0-9])/,
  ),
  prefixRule('fleetbase-key', 'Fleetbase key', ['flb_live_', 'flb_test_'], /flb_(?:live|test)_[A-Za-z0-9]{20}/),
  prefixRule(
    'freemius-key',
    'Freemius secret key',
    'secret_key',
    /secret_key["']\s{0,8}=>\s{0,8}["'](sk_[\S]{29})["']/,
  ),
];
