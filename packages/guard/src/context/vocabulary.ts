/** Words in names whose values are passwords, secrets or keys. */
export const PASSWORD_WORDS = ['password', 'passwd', 'passwort', 'passphrase', 'pwd', 'pass', '_pw', 'kennwort'];
export const SECRET_WORDS = [
  'secret',
  'token',
  'credential',
  'apikey',
  'api_key',
  'api-key',
  'api key',
  'api.key',
  'authkey',
  '_auth',
  '_pat',
  ' pat ',
  'licensekey',
  'license_key',
  'reporter_id',
];
/** Words that only hint at one: the name must end there. */
export const HINT_WORDS = ['private', 'access', 'oauth', 'webhook', 'authorization', 'salt'];
export const KEY_WORDS = ['key'];

/** Services whose name next to a random value tells that it is theirs. */
export const PROVIDER_WORDS: readonly string[] =
  'adafruit adobe airtable alchemy algolia alibaba aliyun amplitude anthropic apify apollo appveyor artifactory asana assemblyai atlassian auth0 aws azure beamer bitbucket bitly bittrex bintray box.com braintree brandfetch bugsnag buildkite cargo celo chargebee circleci clarifai clearbit clickhouse clockify clojars cloudant cloudflare cloudinary codecov cohere coinbase confluent consul contentful coveralls crowdin databricks datadog deepgram digitalocean discord disqus docker dockerhub doppler dribbble drone dropbox duffel dynatrace easypost elastic etsy eventbrite facebook fastly figma finicity finnhub firebase flickr flutterwave flyio foursquare frameio freshbooks freshdesk geocod ghost gitea github gitlab gitter gocardless google grafana groq gumroad harness hashicorp helpscout heroku honeycomb hubspot huggingface ibmcloud infracost infura intercom ipinfo ipstack jenkins jfrog jira jotform kaggle klaviyo kraken kucoin lastfm launchdarkly linear linkedin livestorm lob.com loggly logdna looker magento mailchimp mailerlite mailgun mailjet mandrill mapbox mapquest mattermost maxmind meraki messagebird message_bird message-bird mixpanel monday mongodb moralis mux.com mailosaur netlify new-relic new_relic newrelic ngrok nightfall notion npmjs nytimes newyorktimes new-york-times octopus okta openai opencage openweather opsgenie optimizely pagerduty particle pastebin paypal paystack perplexity pinecone pipedrive plaid planetscale postmark postman prefect pulumi pubnub pusher quickbooks rapidapi razorpay readme recaptcha recurly redis rollbar rubygems salesforce scaleway scalingo segment sendbird sendgrid sendinblue sentry shippo shodan shopify signalwire slack smartling snowflake snyk softlayer sonar sourcegraph spotify squarespace square stability statuspage stripe strava sumologic sumo_ sumo- supabase surge surveymonkey tableau tailscale teamwork telegram telnyx terraform tiktok todoist toggl travis trello twilio twitch twitter typeform uber unsplash upstash vault vercel vimeo virustotal vonage wakatime wandb weatherstack webex webflow wistia woocommerce wordpress workato xero yandex yelp youtube zapier zendesk zenhub zoho zoom __com cos_hmac droneci travisci authress looker kontent jupiterone lokalise chartmogul cloudsmith everhour buttercms pepipost smartsheet surveybot oddsapi urlscan parseur nicereply skrapp openweathermap pyowm codeclimate codacy clickup clockworksms etherscan moderation ipgeolocation geocodify hereapi bannerbear browserstack saucelabs lambdatest percy cypress chromatic convertkit customerio customer.io intrinio polygon.io alphavantage iexcloud quandl tiingo fixer.io currencylayer exchangerate opencagedata positionstack locationiq geoapify tomtom what3words abstractapi hunter.io fullcontact peopledatalabs crunchbase diffbot scraperapi scrapingbee zenrows browserless apiflash urlbox screenshotlayer pdfshift pdflayer docparser docusign hellosign pandadoc signnow bitfinex binance bitstamp blockchain covalent alchemyapi quicknode chainlink accuweather airbrake airship aiven amadeus appcues apptivo autodesk aviationstack axonaut aylien billomat bitmex blitapp calendarific calendly captaindata carboninterface checklyhq clicksend cloudmersive cloudimage cloverly coinapi coinlayer commercejs companyhub craftmypdf cryptocompare debounce deepai detectify documo dwolla dynalist edamam elasticemail ethplorer finage fulcrum getresponse graphcms hubstaff imagekit insightly iterable kickbox loginradius mesibo metaapi mindmeister mockaroo moonclerk nimble nutritionix nylas oanda onfido onelogin onesignal paymongo podio pushbullet qualaroo rawg rebrandly ringcentral route4me satismeter scrapeowl semaphore shotstack shutterstock smartystreets spoonacular sslmate statuscake stormglass stytch survicate textmagic ticketmaster tmetric tradier transferwise twelvedata uploadcare veriphone versioneye voicegain weatherbit webscraper wrike youneedabudget zerobounce zipcode'.split(
    ' ',
  );

/** Services named by an ordinary word, which names other things as well. */
export const ORDINARY_SERVICE =
  /(?:^|[^a-z])(?:readme|iterable|segment|linear|square|harness|moderation|semaphore|stability|particle|surge|monday|ghost|drone|apollo|redis|consul|docker|notion|cargo|drop|elastic|frame|fulcrum|kraken|looker|nimble|percy|podio|prefect|pusher|replicate|teamwork|vault|zoom|mandrill|alchemy|calendarific|chromatic|cypress|covalent|blockchain|onfido|insightly|debounce|hunter|fixer|mesibo|sonar|github|gitlab|jenkins|terraform|supabase|mongodb|playwright)(?![a-z])/i;
