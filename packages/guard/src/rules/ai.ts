import { prefixRule, type TokenRule } from './rule.ts';

/** Model providers and the tools around them. */
export const AI: readonly TokenRule[] = [
  prefixRule(
    'anthropic-key',
    'Anthropic key',
    'sk-ant-',
    /sk-ant-(?:api|admin)\d{2}-[\w-]{93}AA(?![\w-])|sk-ant-(?:oat|ort|sid)\d{2}-[\w-]{80,130}(?![\w-])/,
  ),
  prefixRule(
    'openai-key',
    'OpenAI key',
    ['sk-', 'T3BlbkFJ'],
    /sk-(?:proj|svcacct|admin|None|service)-(?:[\w-]{20,100}T3BlbkFJ[\w-]{20,100}|[\w-]{100,200})(?![\w-])|sk-(?!ant-)[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-(?!ant-)[A-Za-z0-9]{48}(?![\w-])/,
    { distinct: 12 },
  ),
  prefixRule('openrouter-key', 'OpenRouter key', 'sk-or-', /sk-or-v1-[0-9a-f]{64}/),
  prefixRule(
    'huggingface-token',
    'Hugging Face token',
    ['hf_', 'api_org_'],
    /hf_[A-Za-z0-9]{34,40}(?![A-Za-z0-9_])|api_org_[A-Za-z]{34}(?![A-Za-z0-9_])/,
    { distinct: 10 },
  ),
  prefixRule('perplexity-key', 'Perplexity key', 'pplx-', /pplx-[A-Za-z0-9]{48}(?![A-Za-z0-9])/),
  prefixRule('groq-key', 'Groq key', 'gsk_', /gsk_[A-Za-z0-9]{52}(?![A-Za-z0-9])/),
  prefixRule('xai-key', 'xAI key', 'xai-', /xai-[A-Za-z0-9]{80}(?![A-Za-z0-9])/),
  prefixRule('replicate-token', 'Replicate token', 'r8_', /r8_[A-Za-z0-9]{37}(?![A-Za-z0-9])/),
  prefixRule('jina-key', 'Jina key', 'jina_', /jina_[\w-]{60}(?!\w)/),
  prefixRule('tavily-key', 'Tavily key', 'tvly-', /tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}(?![A-Za-z0-9])/),
  prefixRule('nvidia-key', 'NVIDIA API key', 'nvapi-', /nvapi-[\w-]{64}/),
  prefixRule('langsmith-key', 'LangSmith key', ['lsv2_'], /lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}/),
  prefixRule('elevenlabs-key', 'ElevenLabs key', 'sk_', /sk_[0-9a-f]{48}(?![0-9a-zA-Z])/),
];
