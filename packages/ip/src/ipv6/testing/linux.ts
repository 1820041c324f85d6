/** What Linux 6.1 said on a cable when two of its interfaces came up, 02:50:00:00:00:01 and :02: fd00::1 and fd00::2. */
import { hex } from '@mirage/bytes/hex'

/** The packets behind their Ethernet headers. */
export const LINUX = {
  /** Membership of ff02::1:ff00:2, from ::, with a router alert in front. */
  report: hex(`6000000000240001 00000000000000000000000000000000 ff020000000000000000000000000016
    3a00050200000100 8f006f8800000001 04000000 ff0200000000000000000001ff000002`),
  /** Whether anybody has fe80::50:ff:fe00:2, with a nonce. */
  probe: hex(`6000000000203aff 00000000000000000000000000000000 ff0200000000000000000001ff000002
    870027e900000000 fe80000000000000005000fffe000002 0e0118304e22e08e`),
  /** From fe80::50:ff:fe00:2. */
  routerSolicitation: hex(`6000000000103aff fe80000000000000005000fffe000002 ff020000000000000000000000000002
    85007a8a00000000 0101025000000002`),
}
