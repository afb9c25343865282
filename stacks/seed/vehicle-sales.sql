-- Sample source for stacks/vehicle-sales.toml and stacks/vehicle-sales-single.toml: five tables of a car parts and vehicle trade,
-- 10 customers, 14 products, 6 reps, 10 orders, 20 order lines. Phone is unknown (NULL) for two customers and empty ('') for four.
--
-- Runs unchanged on SQLite, PostgreSQL and MariaDB. On MariaDB first: set session sql_mode = 'MAXDB,NO_BACKSLASH_ESCAPES';
-- (MAXDB makes a TIMESTAMP column a DATETIME, a date and time without a zone, as it is on the other two.)
create table Customers (
    cust_id varchar(20) not null,
    name varchar(20) not null,
    email varchar(50) not null,
    phone varchar(30),
    region varchar(30) not null,
    state varchar(30),
    credit_rating int not null,
    last_updated timestamp not null,
    primary key (cust_id)
);
create index idx_email on Customers (email);
create index idx_region on Customers (region);

create table Products (
    prod_id varchar(20) not null,
    name varchar(20) not null,
    category varchar(20) not null,
    list_price int not null,
    last_updated timestamp not null,
    primary key (prod_id)
);
create index idx_category on Products (category, last_updated);

create table Reps (
    rep_id varchar(20) not null,
    rep_name varchar(20) not null,
    last_updated timestamp not null,
    primary key (rep_id)
);

create table Orders (
    ord_id varchar(20) not null,
    cust_id varchar(20) not null,
    rep_id varchar(20),
    ord_date timestamp not null,
    ship_date timestamp not null,
    last_updated timestamp not null,
    primary key (ord_id),
    constraint cust_FK foreign key (cust_id) references Customers (cust_id),
    constraint rep_FK foreign key (rep_id) references Reps (rep_id)
);
create index idx_rep on Orders (rep_id);

create table OrderLines (
    ord_id varchar(20) not null,
    ord_line_id varchar(20) not null,
    prod_id varchar(20) not null,
    qty int not null,
    item_price int not null,
    last_updated timestamp not null,
    primary key (ord_id, ord_line_id),
    constraint ord_FK foreign key (ord_id) references Orders (ord_id),
    constraint prod_FK foreign key (prod_id) references Products (prod_id)
);
create index idx_prod_price on OrderLines (prod_id, item_price);

insert into Customers (cust_id, name, email, phone, region, state, credit_rating, last_updated) values
('0001', 'Ines Duarte', 'ines@fleet.example', '555-0101', 'South', 'TX', 720, '2024-02-01 08:00:00'),
('0002', 'Omar Haddad', 'omar@haddad.example', '', 'North', 'MN', 655, '2024-02-01 08:05:00'),
('0003', 'Priya Nair', 'priya@nair.example', NULL, 'East', 'NY', 801, '2024-02-02 09:10:30'),
('0004', 'Tom O''Dell', 'tom@odell.example', '555-0104', 'West', 'OR', 590, '2024-02-02 23:59:59'),
('0005', 'Zoë Krüger', 'zoe@kruger.example', '', 'South', NULL, 690, '2024-02-03 00:00:00'),
('0006', 'Li Wei', 'li@wei.example', '555-0106', 'East', 'MA', 700, '2024-02-29 12:00:00'),
('0007', 'Ana "Nita" Ruiz', 'nita@ruiz.example', NULL, 'North', 'WI', 610, '2024-03-10 02:30:00'),
('0008', 'Sven Åberg', 'sven@aberg.example', '', 'East', 'NJ', 600, '2024-03-11 16:20:00'),
('0009', 'Grace Obi', 'grace@obi.example', '555-0109', 'South', 'FL', 0, '2024-03-12 10:00:00'),
('0010', 'Kit \ Co 🚚', 'kit@co.example', '', 'North', 'ND', 850, '2024-03-13 11:11:11');

insert into Products (prod_id, name, category, list_price, last_updated) values
('0001', 'Compact hatchback', 'Car', 18900, '2024-01-10 07:00:00'),
('0002', 'Family saloon', 'Car', 27500, '2024-01-10 07:01:00'),
('0003', 'Electric city car', 'Car', 31200, '2024-01-10 07:02:00'),
('0004', 'Half-ton pickup', 'Truck', 38400, '2024-01-10 07:03:00'),
('0005', 'Box truck 12 ft', 'Truck', 54900, '2024-01-10 07:04:00'),
('0006', 'Flatbed', 'Truck', 61000, '2024-01-10 07:05:00'),
('0007', 'Touring motorcycle', 'Motorcycle', 14200, '2024-01-10 07:06:00'),
('0008', 'Scooter 125', 'Motorcycle', 3900, '2024-01-10 07:07:00'),
('0009', 'Cargo van', 'Van', 35700, '2024-01-10 07:08:00'),
('0010', 'Minibus 9 seats', 'Van', 42800, '2024-01-10 07:09:00'),
('0011', 'Tow bar', 'Part', 420, '2024-01-10 07:10:00'),
('0012', 'Winter tyre set', 'Part', 760, '2024-01-10 07:11:00'),
('0013', 'Roof rack', 'Part', 310, '2024-01-10 07:12:00'),
('0014', 'Floor mats', 'Part', 0, '2024-01-10 07:13:00');

insert into Reps (rep_id, rep_name, last_updated) values
('SAM', 'Sam Ito', '2024-01-05 09:00:00'),
('PAT', 'Pat Quinn', '2024-01-05 09:00:00'),
('ANA', 'Ana Costa', '2024-01-05 09:00:00'),
('LEA', 'Lea Brandt', '2024-01-05 09:00:00'),
('BOB', 'Bob Mensah', '2024-01-05 09:00:00'),
('ZOE', 'Zoe Clarke', '2024-01-05 09:00:00');

insert into Orders (ord_id, cust_id, rep_id, ord_date, ship_date, last_updated) values
('0001', '0003', 'SAM', '2024-03-01 10:00:00', '2024-03-04 08:00:00', '2024-03-04 08:00:01'),
('0002', '0001', 'PAT', '2024-03-01 11:30:00', '2024-03-06 08:00:00', '2024-03-06 08:00:01'),
('0003', '0006', 'ANA', '2024-03-02 09:15:00', '2024-03-05 08:00:00', '2024-03-05 08:00:01'),
('0004', '0003', 'LEA', '2024-03-03 16:45:00', '2024-03-10 02:30:00', '2024-03-10 02:30:01'),
('0005', '0010', 'BOB', '2024-03-04 12:00:00', '2024-03-09 08:00:00', '2024-03-09 08:00:01'),
('0006', '0002', 'ZOE', '2024-03-05 13:20:00', '2024-03-12 08:00:00', '2024-03-12 08:00:01'),
('0007', '0009', 'SAM', '2024-03-06 14:05:00', '2024-03-11 08:00:00', '2024-03-11 08:00:01'),
('0008', '0001', 'PAT', '2024-03-07 15:55:00', '2024-03-13 08:00:00', '2024-03-13 08:00:01'),
('0009', '0008', 'SAM', '2024-03-08 08:40:00', '2024-03-14 08:00:00', '2024-03-14 08:00:01'),
('0010', '0005', 'ANA', '2024-03-09 17:10:00', '2024-03-15 08:00:00', '2024-03-15 08:00:01');

insert into OrderLines (ord_id, ord_line_id, prod_id, qty, item_price, last_updated) values
('0001', '0001', '0003', 1, 30500, '2024-03-01 10:00:00'),
('0001', '0002', '0012', 1, 700, '2024-03-01 10:00:00'),
('0001', '0003', '0013', 2, 290, '2024-03-01 10:00:00'),
('0001', '0004', '0014', 1, 0, '2024-03-01 10:00:00'),
('0002', '0001', '0004', 3, 37200, '2024-03-01 11:30:00'),
('0002', '0002', '0011', 3, 400, '2024-03-01 11:30:00'),
('0002', '0003', '0012', 3, 740, '2024-03-01 11:30:00'),
('0002', '0004', '0014', 6, 0, '2024-03-01 11:30:00'),
('0003', '0001', '0007', 1, 13900, '2024-03-02 09:15:00'),
('0003', '0002', '0008', 2, 3700, '2024-03-02 09:15:00'),
('0003', '0003', '0002', 1, 26900, '2024-03-02 09:15:00'),
('0003', '0004', '0013', 1, 310, '2024-03-02 09:15:00'),
('0004', '0001', '0009', 5, 34000, '2024-03-03 16:45:00'),
('0004', '0002', '0010', 1, 42800, '2024-03-03 16:45:00'),
('0004', '0003', '0012', 6, 690, '2024-03-03 16:45:00'),
('0004', '0004', '0011', 6, 380, '2024-03-03 16:45:00'),
('0005', '0001', '0005', 2, 53500, '2024-03-04 12:00:00'),
('0005', '0002', '0006', 1, 60250, '2024-03-04 12:00:00'),
('0005', '0003', '0001', 4, 18100, '2024-03-04 12:00:00'),
('0005', '0004', '0014', 7, 0, '2024-03-04 12:00:00');
