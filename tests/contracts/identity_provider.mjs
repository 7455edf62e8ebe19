// A city's identity provider for the tests: the certified oidc-provider on a free loopback port, with made-up people.
// Prints its address on the first line. PKCE is required; people log in on its own pages with any password.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const redirects = process.argv.slice(2);
const phone = (number, verified = true) => ({ phone_number: number, phone_number_verified: verified });
const people = {
  wang: { name: "王演示", ...phone("+8613900000061"), identity_number: "340300190001010011" },
  li: { name: "李演示", ...phone("13900000062"), identity_number: "34030019000101002X" },
  wang2: { name: "另一位", ...phone("+86 139 0000 0061"), identity_number: "340300190001010038" },
  unverified: { name: "赵演示", ...phone("+8613900000063", false) },
  phoneless: { name: "钱演示" },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: "weimin", client_secret: "a-secret-of-the-tests", redirect_uris: redirects,
      grant_types: ["authorization_code"], response_types: ["code"] }],
    claims: { openid: ["sub"], profile: ["name"], phone: ["phone_number", "phone_number_verified"], identity: ["identity_number"] },
    scopes: ["openid", "profile", "phone", "identity"],
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
    ttl: { AccessToken: 60, AuthorizationCode: 60, IdToken: 60, Interaction: 60, Session: 60, Grant: 60 },
    findAccount: (_, sub) => people[sub] && { accountId: sub, claims: () => ({ sub, ...people[sub] }) },
  });
  server.on("request", provider.callback());
  console.log(issuer);
});
