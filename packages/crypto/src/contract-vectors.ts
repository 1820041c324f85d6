/** Known answers, from where the algorithms are defined. */

/** A message that is `times` times a text, and its digest. */
export interface Digest {
  readonly what: string
  readonly repeated: string
  readonly times: number
  readonly digest: string
}

/** NIST's examples for FIPS 180-4, SHA-256; and the longest message that needs no second block. */
export const DIGESTS: readonly Digest[] = [
  {
    what: 'nothing',
    repeated: '',
    times: 0,
    digest: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  },
  {
    what: 'one block',
    repeated: 'abc',
    times: 1,
    digest: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  },
  {
    what: 'a length that does not fit into its last block',
    repeated: 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    times: 1,
    digest: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  },
  {
    what: 'two blocks',
    repeated:
      'abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu',
    times: 1,
    digest: 'cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1',
  },
  {
    what: 'a million letters',
    repeated: 'a',
    times: 1_000_000,
    digest: 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0',
  },
]

/** The text of RFC 8439, §2.4.2. */
const SUNSCREEN =
  '4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e'

/** A message and what the key stream makes of it. */
export interface Stream {
  readonly what: string
  readonly key: string
  readonly counter: number
  readonly nonce: string
  readonly message: string
  readonly encrypted: string
}

/** RFC 8439. */
export const STREAM: readonly Stream[] = [
  {
    what: 'RFC 8439 §2.4.2',
    key: '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    counter: 1,
    nonce: '000000000000004a00000000',
    message: SUNSCREEN,
    encrypted:
      '6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0bf91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d807ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab77937365af90bbf74a35be6b40b8eedf2785e42874d',
  },
  {
    what: 'RFC 8439 §A.1, the first test',
    key: '00'.repeat(32),
    counter: 0,
    nonce: '00'.repeat(12),
    message: '00'.repeat(64),
    encrypted:
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586',
  },
]

/** A message and what it is sealed as. */
export interface Sealed {
  readonly what: string
  readonly key: string
  readonly nonce: string
  readonly message: string
  readonly data: string
  readonly ciphertext: string
  readonly tag: string
}

/** RFC 8439. */
export const CHACHA20_POLY1305: readonly Sealed[] = [
  {
    what: 'RFC 8439 §2.8.2',
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '070000004041424344454647',
    message: SUNSCREEN,
    data: '50515253c0c1c2c3c4c5c6c7',
    ciphertext:
      'd31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116',
    tag: '1ae10b594f09e26a7e902ecbd0600691',
  },
]

/** The message, data and nonce of the cases of the GCM specification, revised, that NIST's validation refers to. */
const CASE = {
  nonce: 'cafebabefacedbaddecaf888',
  message:
    'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255',
  data: 'feedfacedeadbeeffeedfacedeadbeefabaddad2',
}
const CASE_KEY = 'feffe9928665731c6d6a8f9467308308'
const ZEROS = { nonce: '00'.repeat(12), data: '' }

/** McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: the cases with these sizes. */
export const AES_GCM: readonly Sealed[] = [
  {
    what: 'case 1 of the specification',
    ...ZEROS,
    key: '00'.repeat(16),
    message: '',
    ciphertext: '',
    tag: '58e2fccefa7e3061367f1d57a4e7455a',
  },
  {
    what: 'case 2',
    ...ZEROS,
    key: '00'.repeat(16),
    message: '00'.repeat(16),
    ciphertext: '0388dace60b6a392f328c2b971b2fe78',
    tag: 'ab6e47d42cec13bdf53a67b21257bddf',
  },
  {
    what: 'case 3',
    ...CASE,
    key: CASE_KEY,
    data: '',
    ciphertext:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985',
    tag: '4d5c2af327cd64a62cf35abd2ba6fab4',
  },
  {
    what: 'case 4',
    ...CASE,
    key: CASE_KEY,
    message: CASE.message.slice(0, 120),
    ciphertext:
      '42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091',
    tag: '5bc94fbc3221a5db94fae95ae7121a47',
  },
  {
    what: 'case 13',
    ...ZEROS,
    key: '00'.repeat(32),
    message: '',
    ciphertext: '',
    tag: '530f8afbc74536b9a963b4f1c4cb738b',
  },
  {
    what: 'case 14',
    ...ZEROS,
    key: '00'.repeat(32),
    message: '00'.repeat(16),
    ciphertext: 'cea7403d4d606b6e074ec5d3baf39d18',
    tag: 'd0d1c8a799996bf0265b98b5d48ab919',
  },
  {
    what: 'case 15',
    ...CASE,
    key: CASE_KEY.repeat(2),
    data: '',
    ciphertext:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad',
    tag: 'b094dac5d93471bdec1a502270e3cc6c',
  },
  {
    what: 'case 16',
    ...CASE,
    key: CASE_KEY.repeat(2),
    message: CASE.message.slice(0, 120),
    ciphertext:
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    tag: '76fc6ece0f4e1768cddf8853bb2d551b',
  },
]
