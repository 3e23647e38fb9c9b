-- The rows the tests start from: phpIPAM's shape of sample data (sections 1-2, subnets 1-6, ten addresses), which no run
-- may touch, and the six subnets of network.toml. Numbers are addresses in decimal: 167774720 is 10.0.10.0.

INSERT INTO ipTags (id, type, showtag, bgcolor, fgcolor, compress, locked, updateTag) VALUES
  (1, 'Offline',  1, '#f59c99', '#ffffff', 'No',  'Yes', 1),
  (2, 'Used',     0, '#a9c9a4', '#ffffff', 'No',  'Yes', 1),
  (3, 'Reserved', 1, '#9ac0cd', '#ffffff', 'No',  'Yes', 1),
  (4, 'DHCP',     1, '#c9c9c9', '#ffffff', 'Yes', 'Yes', 1);

INSERT INTO settings (id, siteTitle, siteURL, enableVRF, enableDNSresolving, version, dbversion, IPfilter, visualLimit)
VALUES (1, 'Home', 'http://phpipam.viktorbarzin.lan', 0, 0, '1.74', 43, 'mac;owner;state;switch;note', 24);

-- The password is no hash of anything: nobody logs in here.
INSERT INTO users (id, username, password, `groups`, role, real_name, email, token) VALUES
  (1, 'Admin', 'not-a-hash', '', 'Administrator', 'phpIPAM Admin', 'admin@example.org', 'not-a-token'),
  (2, 'netcensus', NULL, '', 'User', 'The hourly census', NULL, NULL);

INSERT INTO sections (id, name, description) VALUES
  (1, 'Customers', 'Sample section'),
  (2, 'IPv6', 'Sample section'),
  (3, 'Home', 'What network.toml looks after');

-- A folder (5) with a subnet in it, and a parent (2) whose addresses belong to its children.
INSERT INTO subnets (id, subnet, mask, sectionId, description, vrfId, masterSubnetId, isFolder) VALUES
  (1, '336395549904799703390415618052362076160', '64', 2, 'Sample IPv6 subnet', 0, 0, 0),
  (2, '168427520', '16', 1, 'Sample parent', 0, 0, 0),
  (3, '168427776', '24', 1, 'Sample child', 0, 2, 0),
  (4, '168428032', '24', 1, 'Sample child', 0, 2, 0),
  (5, '0', '', 1, 'Sample folder', 0, 0, 1),
  (6, '172037632', '24', 1, 'Sample subnet in a folder', 0, 5, 0);

-- The tracked ones. Sofia's first three show the status dot (pingSubnet), the others do not.
INSERT INTO subnets (id, subnet, mask, sectionId, description, vrfId, pingSubnet, scanAgent, masterSubnetId) VALUES
  (7, '167774720', '24', 3, 'Management 10.0.10.0/24', 0, 1, 1, 0),
  (8, '167777280', '24', 3, 'Kubernetes 10.0.20.0/24', 0, 1, 1, 0),
  (9, '3232235776', '24', 3, 'LAN 192.168.1.0/24', 0, 1, 1, 0),
  (10, '167969280', '24', 3, 'VPN 10.3.2.0/24', 0, 0, NULL, 0),
  (11, '3232235520', '24', 3, 'Valchedrym 192.168.0.0/24', 0, 0, NULL, 0),
  (12, '3232237568', '24', 3, 'London 192.168.8.0/24', 0, 0, NULL, 0);

INSERT INTO ipaddresses (id, subnetId, ip_addr, description, hostname, state) VALUES
  (1, 3, '168427786', 'Sample server', 'server10.sample.example', 2),
  (2, 3, '168427787', 'Sample server', 'server11.sample.example', 2),
  (3, 3, '168427788', 'Sample server', 'server12.sample.example', 3),
  (4, 3, '168427789', 'Sample server', 'server13.sample.example', 3),
  (5, 3, '168428030', 'Gateway', NULL, 2),
  (6, 4, '168428286', 'Gateway', NULL, 2),
  (7, 4, '168428042', 'Sample server', 'server.sample.example', 2),
  (8, 6, '172037652', 'DHCP range', NULL, 4),
  (9, 6, '172037653', 'DHCP range', NULL, 4),
  (10, 6, '172037654', 'DHCP range', NULL, 4);
