/** What the device of a stack is told at boot, for tests. */

/** Nobody told it anything. */
export const NOTHING = {
  ipv4: undefined,
  ipv4Gateway: undefined,
  noDhcp: false,
  dhcpBefore: undefined,
  dhcpProbe: false,
  ipv6: undefined,
  ipv6Gateway: undefined,
  acceptRouterAdvertisements: true,
  ipv4Only: false,
  ipv6Only: false,
} as const
